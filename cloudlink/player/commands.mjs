// The commands that player.mjs answers, one function each: from the command's object to the answer's.
//
// Names of projects, variables, lists and broadcasts are exact. `sprite: null` means the stage. Times are in
// seconds.

import {CloudClient, zeroCounts} from './cloud.mjs';
import {fulfils} from './conditions.mjs';

export class Commands {
    /**
     * @param {import('./machine.mjs').Machine} machine
     * @param {{WebSocket: function, throttle: function}} parts for the cloud client.
     */
    constructor(machine, parts) {
        this.machine = machine;
        this.parts = parts;
        this.cloud = null;
    }

    /** {path}: load a .sb3 file in place of the project that is there; its cloud connection closes. */
    async load({path}) {
        await this.disconnect();
        await this.machine.load(path);
    }

    /** {path}: add the sprite in a .sprite3 file; answered with the name that it gets. */
    async import_sprite({path}) {
        return {name: await this.machine.importSprite(path)};
    }

    async saved() {
        return {content: this.machine.saved()};
    }

    /** {url, user, project_id, interval_ms}: go online; connecting goes on after the answer. */
    async connect({url, user, project_id: projectId, interval_ms: interval}) {
        if (!this.machine.hasCloudVariables()) {
            throw new Error('the project has no cloud variable: the sites do not connect such a project');
        }
        await this.disconnect();
        this.cloud = new CloudClient({vm: this.machine.vm, ...this.parts, url, user, projectId, interval});
        this.machine.vm.setCloudProvider(this.cloud);
        this.machine.vm.postIOData('userData', {username: user});
        this.cloud.connect();
    }

    /** {timeout}: answered when the connection is open. */
    async wait_until_connected({timeout}) {
        if (this.cloud === null) throw new Error('not connected: use connect first');
        await this.cloud.opened(timeout * 1000);
    }

    async disconnect() {
        this.cloud?.disconnect();  // and kept: its counts can still be asked for
        this.machine.vm.setCloudProvider(null);
    }

    async green_flag() {
        this.machine.vm.greenFlag();
    }

    async stop_all() {
        this.machine.vm.stopAll();
    }

    /** {name, wait, timeout, at_once}: start the scripts that hear it, and wait until all have ended. */
    async broadcast({name, wait, timeout, at_once: atOnce}) {
        const {frames} = this.machine;
        const before = {start: performance.now(), frames: frames.frames, work: frames.workMilliseconds};
        const threads = this.machine.broadcast(name);
        if (wait) await this.machine.ended(threads, timeout * 1000, atOnce);
        return {
            scripts: threads.length,
            frames: frames.frames - before.frames,
            seconds: (performance.now() - before.start) / 1000,
            work_seconds: (frames.workMilliseconds - before.work) / 1000,
        };
    }

    /** {sprite, variables: [[name, value], ...], lists: [[name, items], ...]}: all between two frames. */
    async set({sprite, variables, lists}) {
        for (const [name, value] of variables) this.machine.setValue(name, sprite, value);
        for (const [name, items] of lists) this.machine.setList(name, sprite, items);
    }

    /** {sprite, variables: [name, ...], lists: [name, ...]}: the values, in the same order. */
    async get({sprite, variables, lists}) {
        return {
            variables: variables.map(name => this.machine.value(name, sprite)),
            lists: lists.map(name => this.machine.list(name, sprite)),
        };
    }

    /** {kind: variable|list, name, sprite, condition, operand, timeout}: asked now and after every frame. */
    async wait_until({kind, name, sprite, condition, operand, timeout}) {
        const {machine} = this;
        const read = () => (kind === 'list' ? machine.list(name, sprite) : machine.value(name, sprite));
        const check = () => {
            const value = read();
            return fulfils(value, condition, operand) ? {value} : undefined;
        };
        const late = () => new Error(
            `${kind} '${name}': not ${condition} ${short(operand)} within ${timeout} s; `
            + `it is ${short(read())}`);
        return machine.frames.until(check, timeout * 1000, late);
    }

    /** {count}: answered when so many more frames have run. */
    async wait_frames({count, timeout}) {
        const {frames} = this.machine;
        const end = frames.frames + count;
        const late = () => new Error(`${end - frames.frames} of ${count} frames missing after ${timeout} s`);
        await frames.until(() => (frames.frames >= end ? true : undefined), timeout * 1000, late);
    }

    /** {seconds, wait}: no frames for so long, while the socket goes on; answered at once or at its end. */
    async stall({seconds, wait}) {
        this.machine.frames.stall(seconds * 1000);
        if (wait) await new Promise(resolve => setTimeout(resolve, seconds * 1000));
    }

    async connection() {
        const cloud = this.cloud;
        return {
            state: cloud?.state ?? 'closed',
            attempts: cloud?.attempts ?? 0,
            times_opened: cloud?.timesOpened ?? 0,
            close_code: cloud?.closeCode ?? null,
            failure: cloud?.failure ?? null,
        };
    }

    async statistics() {
        const {frames, runtime} = this.machine;
        return {
            frames: frames.frames,
            frame_errors: frames.errors,
            work_seconds: frames.workMilliseconds / 1000,
            longest_frame_seconds: frames.longestMilliseconds / 1000,
            running_scripts: runtime.threads.length,
            ...(this.cloud?.counts ?? zeroCounts()),
        };
    }
}

/** A value for an error message, cut after 200 characters. */
function short(value) {
    const text = JSON.stringify(value);
    return text.length > 200 ? `${text.slice(0, 200)}... (${text.length} characters)` : text;
}
