// Loaded before the first paint: "auto" follows the device, so that a dark page never flashes white.
(function () {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const wish = root.dataset.theme;
    root.dataset.bsTheme = wish === "auto" ? (dark.matches ? "dark" : "light") : wish;
  };
  apply();
  dark.addEventListener("change", apply);
})();
