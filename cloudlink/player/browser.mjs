// What a virtual machine's browser bundle must find when it is loaded in Node.
//
// The bundles are made for a page: they refer to `self`, `window` and `document` while they load (Scratch's
// to make its sanitizer of pictures, TurboWarp's to add style sheets). No page is ever shown here, so it is
// enough that these references lead somewhere.

import {webcrypto} from 'node:crypto';
import {createRequire} from 'node:module';

const require = createRequire(import.meta.url);

/** Whatever is read from it, called or constructed on it, is this same object again. */
const inert = new Proxy(function () {}, {
    get: (target, name) => (name === Symbol.toPrimitive ? () => '' : inert),
    set: () => true,
    apply: () => inert,
    construct: () => inert,
});

/** Per flavor: how to take the machine's class out of its bundle, once that is loaded. */
const FLAVORS = {
    vanilla: exported => exported,
    turbowarp: () => globalThis.Scaffolding.VM,  // scaffolding-min.js of the package @turbowarp/packager
};

/**
 * The class of a virtual machine, out of its browser bundle.
 *
 * @param {string} flavor a key of FLAVORS.
 * @param {string} bundle its absolute path.
 */
export function loadMachineClass(flavor, bundle) {
    globalThis.self = globalThis;
    globalThis.window = globalThis;
    globalThis.document = inert;
    globalThis.crypto ??= webcrypto;  // Node 18 has it under another name
    globalThis.DOMPurify = inert;  // or the bundle makes a sanitizer, out of a real document
    return FLAVORS[flavor](require(bundle));
}
