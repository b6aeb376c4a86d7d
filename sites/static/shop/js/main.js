// Every page of a shop loads this. Without it the shop works by forms and links.
import * as cart from "./cart.js";
import "./hop.js";
import * as live from "./live.js";

document.documentElement.classList.add("has-js");
live.open();
cart.presentAgain();
cart.send();
