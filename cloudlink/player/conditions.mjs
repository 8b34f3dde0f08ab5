// What a test can wait for. Values are compared as the text that a Scratcher sees, so 5 equals "5"; unlike
// Scratch's own blocks, these comparisons keep upper and lower case apart.

/** The text of a value; the texts of a list's items. */
const texts = value => (Array.isArray(value) ? value.map(String) : String(value));

const same = (value, other) => JSON.stringify(texts(value)) === JSON.stringify(texts(other));

const CONDITIONS = {
    equals: same,
    not_equals: (value, unwanted) => !same(value, unwanted),
    contains: (value, part) => texts(value).includes(String(part)),
    at_least: (value, number) => (Array.isArray(value) ? value.length : Number(value)) >= number,
};

/** Whether a variable's value, or a list's items, fulfil the condition of that name. */
export function fulfils(value, condition, operand) {
    return CONDITIONS[condition](value, operand);
}
