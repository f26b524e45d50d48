try {
  const { theme } = JSON.parse(localStorage.getItem("causerie.prefs") || "{}");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // As the system says.
}
