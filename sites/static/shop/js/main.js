// Every page of a shop loads this. Without it the shop works by forms and links.
import * as account from "./account.js";
import * as cart from "./cart.js";
import "./hop.js";
import * as live from "./live.js";
import * as place from "./place.js";
import "./search.js";
import * as seen from "./seen.js";

document.documentElement.classList.add("has-js");
live.open();
cart.presentAgain();
cart.send();
account.show();
place.ask();
seen.begin();
// Another cart than before: somebody has signed in or out, perhaps in another tab.
let shown = "";
cart.onView((view) => {
  const root = view.version.split(".")[0];
  if (shown && root && root !== shown) account.show();
  shown = root || shown;
});
addEventListener("pageshow", (event) => { if (event.persisted) account.show(); });
