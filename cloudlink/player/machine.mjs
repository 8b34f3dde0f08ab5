// One virtual machine with its frame clock: projects, scripts and data, by the names a Scratcher sees.
//
// There is no renderer and no audio engine. So sprites touch nothing, sounds end at once, and a block that
// changes how a visible sprite looks does not hold its loop until the next frame, as it does on the sites.
// (`wait` does in both.)

import {readFile} from 'node:fs/promises';

import {FrameClock} from './frames.mjs';
import {Storage} from './storage.mjs';

/** Scratch's own marks of the two kinds of data. */
const VARIABLE = '';
const LIST = 'list';

export class Machine {
    /**
     * @param {function} VirtualMachine the class, see browser.mjs.
     * @param {number} framesPerSecond 30, or 60 as an author can choose in TurboWarp.
     */
    constructor(VirtualMachine, framesPerSecond) {
        this.vm = new VirtualMachine();
        this.runtime = this.vm.runtime;
        // Both sites run projects at 30 frames a second. The machine's own start() is what puts this number
        // into currentStepTime, of which scripts may use 75 %; we step it ourselves, so we put it there.
        this.vm.setCompatibilityMode(framesPerSecond === 30);
        this.runtime.currentStepTime = 1000 / framesPerSecond;
        this.frames = new FrameClock(() => this.runtime._step(), framesPerSecond);
    }

    async load(path) {
        const file = await readFile(path);
        this.vm.attachStorage(new Storage());  // no project finds the assets of the one before
        await this.vm.loadProject(file);
        this.frames.start();
    }

    /** As "Upload Sprite": variables for all sprites are found by id, then by name, or made. */
    async importSprite(path) {
        const before = this.runtime.targets.length;
        await this.vm.addSprite(await readFile(path));
        return this.runtime.targets[before].getName();
    }

    /** The project.json that the editor would save now. */
    saved() {
        return this.vm.toJSON();
    }

    /**
     * Start the scripts that hear a broadcast.
     *
     * @returns {object[]} their threads.
     */
    broadcast(name) {
        const threads = this.runtime.startHats('event_whenbroadcastreceived', {BROADCAST_OPTION: name});
        if (threads.length === 0) throw new Error(`no script receives the broadcast '${name}'`);
        return threads;
    }

    /**
     * Resolves when none of the threads runs any more, by the rule of "broadcast and wait".
     *
     * @param {object[]} threads
     * @param {number} timeout milliseconds.
     * @param {boolean} atOnce step the machine back to back until then, rather than at its pace.
     */
    async ended(threads, timeout, atOnce) {
        const running = () => threads.filter(thread => this.runtime.threads.includes(thread)).length;
        const late = () => new Error(
            `${running()} of ${threads.length} scripts still run after ${timeout / 1000} s`);
        if (!atOnce) {
            await this.frames.until(() => (running() === 0 ? true : undefined), timeout, late);
            return;
        }
        const end = performance.now() + timeout;
        while (running() > 0) {
            if (performance.now() > end) throw late();
            this.frames.stepNow();
            await new Promise(setImmediate);  // let messages in, as a page does between frames
        }
    }

    value(name, sprite) {
        return this.find(VARIABLE, name, sprite).value;
    }

    list(name, sprite) {
        return this.find(LIST, name, sprite).value;
    }

    /** As the block "set": a cloud variable's value goes out as well. */
    setValue(name, sprite, value) {
        const variable = this.find(VARIABLE, name, sprite);
        variable.value = value;
        if (variable.isCloud) this.runtime.ioDevices.cloud.requestUpdateVariable(name, value);
    }

    setList(name, sprite, items) {
        const list = this.find(LIST, name, sprite);
        list.value = items;
        list._monitorUpToDate = false;
    }

    hasCloudVariables() {
        return this.runtime.hasCloudData();
    }

    /** The variable or list of exactly that name; of the stage when sprite is null. */
    find(type, name, sprite) {
        const {runtime} = this;
        if (runtime.targets.length === 0) throw new Error('no project is loaded');
        const target = sprite === null ? runtime.getTargetForStage() : runtime.getSpriteTargetByName(sprite);
        if (!target) throw new Error(`the project has no sprite '${sprite}'`);
        const all = Object.values(target.variables).filter(variable => variable.type === type);
        const found = all.find(variable => variable.name === name);
        if (found) return found;
        const kind = type === LIST ? 'list' : 'variable';
        const owner = sprite === null ? 'the stage' : `sprite '${sprite}'`;
        const names = all.map(variable => `'${variable.name}'`).join(', ') || 'none';
        throw new Error(`${owner} has no ${kind} '${name}'; it has ${names}`);
    }
}
