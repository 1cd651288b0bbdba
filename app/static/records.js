// What this browser remembers of the feedback it gave, by id, in IndexedDB; in this page alone where there is none.

const STORE = "feedback";

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("inkloop", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

class Records {
  /** Whether what is written outlives the page. */
  lasting = true;
  #inPage = new Map();
  #database = opened().catch(() => {
    this.lasting = false;
    return null;
  });

  /** Puts a record in its place, also where the page is left at once. Settles and rejects as `change` does. */
  async put(record) {
    const database = await this.#database;
    if (!database) {
      this.#inPage.set(record.id, record);
      return;
    }
    const transaction = writing(database);
    transaction.objectStore(STORE).put(record);
    transaction.commit(); // else it would wait for the page, and go with it
    await written(transaction);
  }

  /**
   * Puts `become(the record of this id now, or undefined)` in its place, or removes it where that gives nothing. No other
   * tab comes in between. Gives what is there afterwards, once it is on the disk; rejects where there is no room for it.
   */
  async change(id, become) {
    const database = await this.#database;
    if (!database) return this.#changeInPage(id, become);
    const transaction = writing(database);
    const store = transaction.objectStore(STORE);
    let next;
    store.get(id).onsuccess = ({ target }) => {
      next = become(target.result);
      if (next) store.put(next);
      else store.delete(id);
      transaction.commit();
    };
    await written(transaction);
    return next;
  }

  /** Every record, oldest first. */
  async all() {
    const database = await this.#database;
    const found = database ? await got(database.transaction(STORE).objectStore(STORE).getAll()) : [...this.#inPage.values()];
    return found.sort((one, other) => one.time - other.time);
  }

  #changeInPage(id, become) {
    const next = become(this.#inPage.get(id));
    if (next) this.#inPage.set(id, next);
    else this.#inPage.delete(id);
    return next;
  }
}

const writing = (database) => database.transaction(STORE, "readwrite", { durability: "strict" });

function written(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}

function got(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export const records = new Records();
