// What a label is called, so that O, 0, l, I and 1 are told apart by eye and by ear.

export const kindOf = (label) => (/\d/.test(label) ? "digit" : label === label.toUpperCase() ? "capital" : "small");
export const nameOf = (label) => `${kindOf(label)} ${label}`;
export const sentence = (text) => text[0].toUpperCase() + text.slice(1);
