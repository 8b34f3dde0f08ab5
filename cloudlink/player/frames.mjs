// The clock that steps a virtual machine, as a browser's timer does.
//
//   paced:     one step every 33 ms, or 16 ms at 60 frames a second; a step that takes longer delays the next, and those missed are left out
//   stalled:   no steps at all, as in a hidden tab; whatever else is waiting goes on
//   stepNow(): one step more, at once, whatever the clock says
//
// The machine's own timer is not used: Node's drifts by the lateness of every call, a browser's does not.

export class FrameClock {
    /**
     * @param {function(): void} step runs one frame of the machine.
     * @param {number} framesPerSecond
     */
    constructor(step, framesPerSecond) {
        this.step = step;
        this.interval = Math.floor(1000 / framesPerSecond);  // as browsers cut it, to whole milliseconds
        this.frames = 0;
        this.errors = 0;
        this.workMilliseconds = 0;
        this.longestMilliseconds = 0;
        this.stalledUntil = 0;
        this.watchers = new Set();
        this.timer = null;
    }

    /** Start pacing; the first frame comes one interval from now. */
    start() {
        if (this.timer !== null) return;
        this.due = performance.now() + this.interval;
        this.schedule();
    }

    stop() {
        clearTimeout(this.timer);
        this.timer = null;
    }

    schedule() {
        this.timer = setTimeout(() => this.tick(), Math.max(0, this.due - performance.now()));
    }

    tick() {
        const now = performance.now();
        this.due = now + this.interval - ((now - this.due) % this.interval);
        if (now >= this.stalledUntil) this.stepNow();
        this.schedule();
    }

    /** Run one frame now and tell the watchers. */
    stepNow() {
        const start = performance.now();
        try {
            this.step();
        } catch (error) {
            // A page logs such an error and calls the timer again; so do we.
            this.errors += 1;
            console.error('error in a frame:', error);
        }
        const taken = performance.now() - start;
        this.frames += 1;
        this.workMilliseconds += taken;
        this.longestMilliseconds = Math.max(this.longestMilliseconds, taken);
        for (const watcher of [...this.watchers]) watcher();
    }

    /** No paced step for this long; a stall that ends later than this one stays. */
    stall(milliseconds) {
        this.stalledUntil = Math.max(this.stalledUntil, performance.now() + milliseconds);
    }

    /**
     * Resolves with what `check` gives, as soon as that is not undefined: asked now and after every frame.
     *
     * @param {function(): *} check
     * @param {number} timeout milliseconds; then the promise is rejected with the error that `late` makes.
     * @param {function(): Error} late
     */
    until(check, timeout, late) {
        return new Promise((resolve, reject) => {
            const finish = (settle, result) => {
                clearTimeout(timer);
                this.watchers.delete(watcher);
                settle(result);
            };
            const watcher = () => {
                try {
                    const result = check();
                    if (result !== undefined) finish(resolve, result);
                } catch (error) {
                    finish(reject, error);
                }
            };
            this.watchers.add(watcher);
            const timer = setTimeout(() => finish(reject, late()), timeout);
            watcher();
        });
    }
}
