// What stands before every path of this shop's edition ("/en"); "" for the main one.
export const base = document.documentElement.dataset.base ?? "";
