// Who is signed in, in the page's header: the page itself is the same for everybody. Without this the link leads to
// the account all the same.
import { base } from "./base.js";

const link = document.querySelector("[data-account]");

export async function show() {
  if (!link) return;
  let who;
  try {
    const answer = await fetch(`${base}/_r/who`);
    if (!answer.ok) return;
    who = await answer.json();
  } catch {
    return;
  }
  const { in: mine, offer, guest } = link.dataset;
  const text = { in: who.name || mine, offer: offer.replace("{name}", who.name), guest }[who.state];
  link.querySelector("[data-account-text]").textContent = text;
  link.href = who.state === "offer" ? `${base}/account/in?silent=1&next=${encodeURIComponent(location.pathname)}` : `${base}/account`;
  link.dataset.state = who.state;
}
