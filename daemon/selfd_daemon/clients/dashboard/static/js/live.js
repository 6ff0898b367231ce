// What changes by itself: drawn once a frame, and only while it is seen.

const MOST_WAITING = 500;

/**
 * Gather what comes and `draw` it at the next frame, all at once. Of a page that nobody sees no
 * frame is drawn: when too much came meanwhile, `draw` gets the newest and hears that some is missing.
 */
export function eachFrame(draw) {
  let waiting = [];
  let missing = false;
  return (item) => {
    waiting.push(item);
    if (waiting.length > MOST_WAITING) missing = Boolean(waiting.shift());
    if (waiting.length > 1) return;
    requestAnimationFrame(() => {
      const [items, some] = [waiting, missing];
      [waiting, missing] = [[], false];
      draw(items, some);
    });
  };
}

/** Run `start` whenever the page comes into sight; what it returns ends it. Returns how to end it for good. */
export function whileSeen(start) {
  let end = null;
  const turn = () => {
    if (document.hidden) end = end?.() ?? null;
    else end ??= start();
  };
  turn();
  document.addEventListener("visibilitychange", turn);
  return () => {
    document.removeEventListener("visibilitychange", turn);
    end?.();
  };
}

/** Run now and every so many seconds while the page is seen. Returns how to end it. */
export function everySeconds(seconds, run) {
  return whileSeen(() => {
    run();
    const timer = setInterval(run, seconds * 1000);
    return () => clearInterval(timer);
  });
}
