// Lists in the browser: selection by mouse and keys. Everything here is also a form that works without it.
"use strict";
