// The first frame is on its way when the second callback runs.
requestAnimationFrame(() => requestAnimationFrame(() => performance.mark('usable')));
