// What this tab must not lose: cart ops that central has not acknowledged. sessionStorage lives as long as the tab and
// is read by every later page of it; a copy of a duplicated tab repeats equal dots, which is harmless.
const KEY = "rialto.cart.ops";

// A dot's first half is minted per document, in memory: a duplicated tab clones sessionStorage, never this.
export const client = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
let seq = 0;

export const nextDot = () => [client, ++seq];
export const dotText = ([name, count]) => `${name}:${count}`;

let ops = read();

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) || [];
  } catch {
    return [];
  }
}

function write() {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(ops));
  } catch {
    /* forbidden or full: the op lives in memory and on the shop's disk */
  }
}

// A page that comes back from the back/forward cache remembers what the tab held when it was put away: later pages of
// the tab have kept and forgotten ops since, and what it wrote next would wipe those out.
addEventListener("pageshow", (event) => {
  if (event.persisted) ops = read();
});

// Entries are {op, state}: "new" until the shop has it, "edge" until central has it.
export const kept = () => ops;
export const fresh = () => ops.filter((entry) => entry.state === "new");

export function keep(op) {
  ops.push({ op, state: "new" });
  write();
}

export function acknowledge(acks) {
  ops = ops.filter((entry) => acks[dotText(entry.op.dot)] !== "central");
  for (const entry of ops) {
    if (acks[dotText(entry.op.dot)] === "edge") entry.state = "edge";
  }
  write();
}

export function forget(dots) {
  const gone = new Set(dots);
  ops = ops.filter((entry) => !gone.has(dotText(entry.op.dot)));
  write();
}
