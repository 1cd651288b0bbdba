"""What the browser's tests stand on: that no visitor knows of another."""

WRITE = """async () => {
    document.cookie = "seen=yes";
    localStorage.seen = sessionStorage.seen = "yes";
    await caches.open("seen");
    await new Promise((done) => { indexedDB.open("seen").onsuccess = done; });
}"""
READ = """async () => ({
    cookie: document.cookie,
    local: localStorage.length,
    session: sessionStorage.length,
    caches: await caches.keys(),
    databases: await indexedDB.databases(),
    online: navigator.onLine,
    clipboard: (await navigator.permissions.query({ name: "clipboard-read" })).state,
})"""


def test_who_arrives_knows_nothing_of_who_left(visitors):
    context = visitors.arrive({})
    page = context.new_page()
    page.goto("/no-such-page")
    before = page.evaluate(READ)
    context.grant_permissions(["clipboard-read"])
    page.evaluate(WRITE)
    context.set_offline(True)
    assert not any(now == then for now, then in zip(page.evaluate(READ).values(), before.values(), strict=True))
    visitors.leave(context, {})
    assert visitors.arrive({}) is context
    page = context.new_page()
    page.goto("/no-such-page")
    assert page.evaluate(READ) == before
