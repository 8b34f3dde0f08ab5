// The player: a Scratch virtual machine with a cloud client, driven over standard input and output.
//
//     node player.mjs --parts FOLDER [--vm BUNDLE --flavor vanilla|turbowarp] [--fps 30|60]
//
// FOLDER holds the node_modules that install.py makes; BUNDLE is another virtual machine than the one there.
// Commands and answers are JSON objects, one a line:
//
//     {"id": 1, "command": "load", "path": "game.sb3"}     ->  {"id": 1, "ok": true}
//     {"id": 2, "command": "get", "sprite": null, ...}     ->  {"id": 2, "ok": true, "variables": [], ...}
//     {"id": 3, "command": "broadcast", "name": "?", ...}  ->  {"id": 3, "ok": false, "error": "no ..."}
//
// commands.mjs lists them. A command that waits does not hold up the next one, so answers may come in another
// order. JSON knows no NaN and Infinity: such a number is {"number": "NaN"} in an answer. Everything that the
// machine logs goes to standard error. The player ends when its input does, so it never outlives its owner.

import {Console} from 'node:console';
import {createRequire} from 'node:module';
import {join, resolve} from 'node:path';
import {createInterface} from 'node:readline';
import {parseArgs} from 'node:util';

import {loadMachineClass} from './browser.mjs';
import {Commands} from './commands.mjs';
import {Machine} from './machine.mjs';

const GOODBYE_MILLISECONDS = 300;

// First of all: the machine logs with console.log, and standard output is for answers alone.
globalThis.console = new Console(process.stderr, process.stderr);

const {values: options} = parseArgs({
    options: {
        parts: {type: 'string'},
        flavor: {type: 'string', default: 'vanilla'},
        vm: {type: 'string'},
        fps: {type: 'string', default: '30'},
    },
});
const nodeModules = join(resolve(options.parts), 'node_modules');
const requirePart = createRequire(join(nodeModules, 'any.js'));
const parts = {WebSocket: requirePart('ws'), throttle: requirePart('lodash.throttle')};

const bundle = options.vm ?? join(nodeModules, 'scratch-vm/dist/web/scratch-vm.js');
const machine = new Machine(loadMachineClass(options.flavor, resolve(bundle)), Number(options.fps));
const commands = new Commands(machine, parts);

function markNonFinite(key, value) {
    return typeof value === 'number' && !Number.isFinite(value) ? {number: String(value)} : value;
}

function answer(fields) {
    process.stdout.write(`${JSON.stringify(fields, markNonFinite)}\n`);
}

/** What went wrong in words; some errors of the machine are JSON texts or plain objects. */
function reason(error) {
    if (error instanceof Error) return error.message;
    return typeof error === 'string' ? error : JSON.stringify(error);
}

async function run({id, command, ...details}) {
    try {
        if (!Object.hasOwn(Commands.prototype, command)) throw new Error(`no command '${command}'`);
        answer({id, ok: true, ...await commands[command](details)});
    } catch (error) {
        answer({id, ok: false, error: reason(error)});
    }
}

/** Say goodbye to the cloud server, as a tab does that is closed, but wait for nobody. */
function quit() {
    commands.disconnect();
    machine.frames.stop();
    setTimeout(() => process.exit(0), GOODBYE_MILLISECONDS).unref();
}

createInterface({input: process.stdin, crlfDelay: Infinity})
    .on('line', line => run(JSON.parse(line)))
    .on('close', quit);
