// Dark or light before anything is drawn: the choice that was made here, else the system's.
"use strict";
{
  let chosen = null;
  try {
    chosen = localStorage.getItem("ogive.theme");
  } catch {
    // storage can be forbidden; the system's choice stays
  }
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = chosen || (dark ? "dark" : "light");
}
