// Makes a lock file light: `npm run lock` runs it after npm has written a full one.
//
// Some packages bring a bundle that holds everything it needs, and still list the parts of that bundle as
// dependencies: npm would fetch 160 MB for scratch-vm where 25 MB suffice. package.json names such packages
// under "selfContained". Their dependencies are taken out of the lock, and so is every package that nothing
// else needs; `npm ci` trusts the lock and fetches only what is left, each checked by its integrity hash.

import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

const DEPENDENCY_FIELDS = ['dependencies', 'optionalDependencies', 'peerDependencies'];

/** The lock's key of the package that `from` gets when it asks for `name`; undefined if there is none. */
function resolve(packages, from, name) {
    for (let folder = from; ; folder = parentPackage(folder)) {
        const key = `${folder}/node_modules/${name}`.replace(/^\//, '');
        if (key in packages) return key;
        if (folder === '') return undefined;
    }
}

/** The key of the package that holds this one: `node_modules/a` for `node_modules/a/node_modules/b`. */
function parentPackage(key) {
    return key.slice(0, Math.max(key.lastIndexOf('node_modules/') - 1, 0));
}

/** The keys of all packages that the root needs, itself included. */
function reachable(packages) {
    const found = new Set(['']);
    for (const key of found) {  // a Set visits what is added on the way
        const names = DEPENDENCY_FIELDS.flatMap(field => Object.keys(packages[key][field] ?? {}));
        for (const name of names) {
            const dependency = resolve(packages, key, name);
            if (dependency !== undefined) found.add(dependency);
        }
    }
    return found;
}

const folder = process.argv[2];
const {selfContained} = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const lockPath = join(folder, 'package-lock.json');
const lock = JSON.parse(readFileSync(lockPath, 'utf8'));

for (const name of selfContained) {
    for (const field of DEPENDENCY_FIELDS) delete lock.packages[`node_modules/${name}`][field];
}
const needed = reachable(lock.packages);
lock.packages = Object.fromEntries(Object.entries(lock.packages).filter(([key]) => needed.has(key)));
writeFileSync(lockPath, `${JSON.stringify(lock, null, 2)}\n`);
