// The cloud client of Scratch's player: the rules by which it sends, receives and reconnects.
//
//                 connect()                    open: handshake
//     closed ----------------> connecting --------------------> open
//        ^                       ^    | close                     | close
//        | disconnect()          |    v                           |
//        +---------------------- waiting <------------------------+
//                     random x (2^min(attempt, 5) - 1) s
//
// - Every message goes through one throttle, the handshake too: the first at once, then the newest of each
//   interval when it ends. A message that waits is replaced by the next one, whatever variable either is for.
// - A set is dropped while the socket is not open. Creating, renaming and deleting wait for it.
// - A close of any kind leads to a new attempt; a URL that cannot be used at all does not.
//
// The rules are those of the published player (scratch-gui, cloud-provider), which were also measured there.

const MAXIMUM_BACKOFF_EXPONENT = 5;

/** What a client counts, from its making on. */
export function zeroCounts() {
    return {
        sets_offered: 0,
        sets_sent: 0,
        sets_throttled: 0,
        sets_while_closed: 0,
        messages_received: 0,
        values_received: 0,
        malformed_messages: 0,
    };
}

export class CloudClient {
    /**
     * @param {object} parts
     * @param {object} parts.vm the virtual machine that receives the values.
     * @param {function} parts.WebSocket
     * @param {function} parts.throttle lodash's.
     * @param {string} parts.url
     * @param {string} parts.user
     * @param {string} parts.projectId
     * @param {number} parts.interval milliseconds of the throttle: 100 on Scratch, 50 on turbowarp.org.
     */
    constructor({vm, WebSocket, throttle, url, user, projectId, interval}) {
        this.vm = vm;
        this.WebSocket = WebSocket;
        this.url = url;
        this.user = user;
        this.projectId = projectId;
        this.throttled = throttle(message => this.send(message), interval);

        this.state = 'closed';
        this.socket = null;
        this.attempts = 0;
        this.timesOpened = 0;
        this.retryTimer = null;
        this.queue = [];
        this.waiting = null;  // the message that the throttle holds
        this.openListeners = [];
        this.closeCode = null;
        this.failure = null;
        this.counts = zeroCounts();
    }

    connect() {
        this.attempts += 1;
        this.state = 'connecting';
        try {
            this.socket = new this.WebSocket(this.url);
        } catch (error) {
            this.state = 'closed';
            this.failure = error.message;
            return;
        }
        this.socket.onopen = () => this.onOpen();
        this.socket.onmessage = event => this.onMessage(event.data);
        this.socket.onerror = event => { this.failure = event.message; };
        this.socket.onclose = event => this.onClose(event.code);
    }

    /** By the socket, not by our state: one that has begun to close is no longer open, but says so later. */
    get isOpen() {
        return this.socket?.readyState === this.WebSocket.OPEN;
    }

    /** Close for good. */
    disconnect() {
        clearTimeout(this.retryTimer);
        this.throttled.cancel();
        if (this.socket) {
            this.socket.onclose = null;
            this.socket.onmessage = null;
            this.socket.close();
        }
        this.state = 'closed';
        this.failure = 'disconnected';
    }

    /**
     * Resolves when the socket is open; rejected with the last failure after `timeout` milliseconds, or at
     * once if there are no more attempts.
     */
    opened(timeout) {
        if (this.isOpen) return Promise.resolve();
        const unconnected = limit => {
            const reason = this.failure ?? `close code ${this.closeCode}`;
            return new Error(`no connection to ${this.url}${limit} (${reason})`);
        };
        if (this.state === 'closed') return Promise.reject(unconnected(''));
        return new Promise((resolve, reject) => {
            const timer = setTimeout(() => reject(unconnected(` within ${timeout / 1000} s`)), timeout);
            this.openListeners.push(() => {
                clearTimeout(timer);
                resolve();
            });
        });
    }

    onOpen() {
        this.state = 'open';
        this.attempts = 1;
        this.timesOpened += 1;
        this.write({method: 'handshake'});
        for (const message of this.queue.splice(0)) this.write(message);
        for (const listener of this.openListeners.splice(0)) listener();
    }

    onClose(code) {
        this.state = 'waiting';
        this.closeCode = code;
        const seconds = Math.random() * (2 ** Math.min(this.attempts, MAXIMUM_BACKOFF_EXPONENT) - 1);
        this.retryTimer = setTimeout(() => this.connect(), seconds * 1000);
    }

    onMessage(text) {
        this.counts.messages_received += 1;
        try {
            for (const piece of text.split('\n')) {
                if (piece) this.onPiece(JSON.parse(piece));
            }
        } catch (error) {
            // In a page the error ends the handler: the pieces behind the broken one are lost there too.
            this.counts.malformed_messages += 1;
            console.error('cloud message not understood:', error.message);
        }
    }

    onPiece({method, name, value}) {
        if (method !== 'set') return;
        this.counts.values_received += 1;
        this.vm.postIOData('cloud', {varUpdate: {name, value}});
    }

    // The four calls below, and requestCloseConnection, are what the machine expects of a cloud provider.

    updateVariable(name, value) {
        this.counts.sets_offered += 1;
        if (this.isOpen) {
            this.write({method: 'set', name, value});
        } else {
            this.counts.sets_while_closed += 1;
        }
    }

    createVariable(name, value) {
        this.writeOrQueue({method: 'create', name, value});
    }

    renameVariable(name, newName) {
        this.writeOrQueue({method: 'rename', name, new_name: newName});
    }

    deleteVariable(name) {
        this.writeOrQueue({method: 'delete', name});
    }

    requestCloseConnection() {
        this.disconnect();
    }

    writeOrQueue(message) {
        if (this.isOpen) {
            this.write(message);
        } else {
            this.queue.push(message);
        }
    }

    /** Offer a message to the throttle. */
    write(message) {
        if (this.waiting?.method === 'set') this.counts.sets_throttled += 1;
        this.waiting = message;
        this.throttled(message);
    }

    /** What the throttle calls: at once, or at the end of an interval. */
    send(message) {
        this.waiting = null;
        const isSet = message.method === 'set';
        if (!this.isOpen) {  // closed since the message was offered
            if (isSet) this.counts.sets_while_closed += 1;
            return;
        }
        const {method, name, new_name, value} = message;
        this.socket.send(`${JSON.stringify({
            method, user: this.user, project_id: this.projectId, name, new_name, value: value ?? undefined,
        })}\n`);
        if (isSet) this.counts.sets_sent += 1;
    }
}
