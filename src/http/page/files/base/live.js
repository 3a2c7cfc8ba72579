// Tells when something may have changed: by the server's events, and from time to time where they are cut. Nothing is
// asked for while the tab is hidden, as a browser has few connections to one server.

import {requestHeaders} from "./api.js";
import {sessionToken} from "./token.js";

/** Seconds between two looks, with the stream of events and without it. Events tell of ends, not of beginnings. */
export const pause = {withEvents: 10, without: 3};
const longestRetry = 30;

/**
 * Calls `look` at once, at each event, and from time to time, never twice at the same time. A failure of `look` is its
 * own affair; the next look comes.
 * @param {(why: "event" | "time") => Promise<void>} look is told whether something is known to have changed
 * @param {AbortSignal} left ends it
 * @param {(connected: boolean) => void} [onStream] told when the stream of events comes or goes
 * @returns {{lookNow: () => Promise<void>, hurry: (seconds: number | null) => void}} `hurry`: looks come so often, null: as usual
 */
export function watch(look, left, onStream = () => {}) {
  let connected = false;
  /** The look that goes on. @type {Promise<void> | null} */
  let looking = null;
  /** The one after it, if there is to be one. @type {Promise<void> | null} */
  let next = null;
  /** @type {number | null} */
  let hurried = null;
  /** @type {number | undefined} */
  let timer;

  /** Ends with a look that began after the call: one that goes on may not have seen what was done before it.
   * @param {"event" | "time"} [why] @returns {Promise<void>} */
  async function lookNow(why = "event") {
    clearTimeout(timer);
    if (left.aborted || document.hidden) return;
    if (looking !== null) {
      next ??= looking.then(() => {
        next = null;
        return lookNow();
      });
      return next;
    }
    looking = lookOnce(why);
    await looking;
  }

  /** @param {"event" | "time"} why */
  async function lookOnce(why) {
    try {
      await look(why);
    } catch (error) {
      if (!left.aborted) console.debug(error);
    }
    looking = null;
    if (left.aborted || next !== null) return;
    timer = setTimeout(() => lookNow("time"), (hurried ?? (connected ? pause.withEvents : pause.without)) * 1000);
  }

  const stream = new EventStream(
    () => lookNow(),
    (now) => {
      connected = now;
      onStream(now);
    },
  );
  const onVisibility = () => {
    if (document.hidden) stream.close();
    else stream.open();
    lookNow();
  };
  document.addEventListener("visibilitychange", onVisibility);
  left.addEventListener("abort", () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", onVisibility);
    stream.close();
  });
  if (!document.hidden) stream.open();
  lookNow();
  return {
    lookNow,
    hurry: (seconds) => {
      const sooner = seconds !== null && (hurried === null || seconds < hurried);
      hurried = seconds;
      if (sooner && looking === null) {
        clearTimeout(timer);
        timer = setTimeout(() => lookNow("time"), seconds * 1000);
      }
    },
  };
}

/** GET api/v1/events, read by fetch: EventSource can't send the token. */
class EventStream {
  /** @param {() => void} onEvent @param {(connected: boolean) => void} onState */
  constructor(onEvent, onState) {
    this.onEvent = onEvent;
    this.onState = onState;
    /** @type {AbortController | null} */
    this.stop = null;
  }

  open() {
    if (this.stop !== null) return;
    this.stop = new AbortController();
    this.run(this.stop.signal);
  }

  close() {
    this.stop?.abort();
    this.stop = null;
    this.onState(false);
  }

  /** @param {AbortSignal} signal */
  async run(signal) {
    let retry = 1;
    while (!signal.aborted && sessionToken() !== null) {
      const begin = Date.now();
      try {
        await this.read(signal);
      } catch {
        // Cut, refused, or not there at all: tried again below.
      }
      if (signal.aborted) return;
      this.onState(false);
      retry = Date.now() - begin > 60_000 ? 1 : Math.min(retry * 2, longestRetry);
      await new Promise((resolve) => setTimeout(resolve, retry * 1000));
    }
  }

  /** @param {AbortSignal} signal */
  async read(signal) {
    const response = await fetch("api/v1/events", {headers: requestHeaders(false), cache: "no-store", signal});
    if (!response.ok || response.body === null) return;
    this.onState(true);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let line = "";
    for (;;) {
      const {value, done} = await reader.read();
      if (done) return;
      const lines = (line + value).split("\n");
      line = lines.pop() ?? "";
      if (lines.some((text) => text.startsWith("event:"))) this.onEvent();
    }
  }
}
