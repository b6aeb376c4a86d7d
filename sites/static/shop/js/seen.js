// What this page took to be seen, told once as it is left, by one visit in four: when its first byte came, when its
// largest part was painted, how much of it moved. Nothing of who it was; the shop works the same without it.
import { base } from "./base.js";

const EVERY = 4; // as in edge/pages/seen.py
const seen = { path: location.pathname };

function watch(type, take) {
  try {
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  } catch { /* a browser that does not measure this */ }
}

function tell() {
  if (document.visibilityState !== "hidden" || seen.told) return;
  seen.told = true;
  const { path, ttfb, lcp, cls } = seen;
  navigator.sendBeacon(`${base}/_r/seen`, JSON.stringify({ path, ttfb, lcp, cls }));
}

export function begin() {
  if (!navigator.sendBeacon || Math.random() * EVERY >= 1) return;
  watch("navigation", (entry) => { if (entry.responseStart) seen.ttfb = Math.round(entry.responseStart); });
  watch("largest-contentful-paint", (entry) => { seen.lcp = Math.round(entry.startTime); });
  watch("layout-shift", (entry) => { if (!entry.hadRecentInput) seen.cls = (seen.cls ?? 0) + entry.value; });
  addEventListener("visibilitychange", tell);
  addEventListener("pagehide", tell);
}
