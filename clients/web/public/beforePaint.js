// What has to be known before the first paint, so that nothing flashes or moves:
// a chosen theme, and the language, which says from which side the page is read.
// Names are those of src/stores/preferences/prefs.ts, rules those of src/ui/i18n/languages.ts.
{
  const root = document.documentElement;
  let prefs;
  try {
    prefs = JSON.parse(localStorage.getItem("causerie.prefs"));
  } catch {
    // No storage, or not ours.
  }
  const { theme, language: chosen } = prefs ?? {};
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  const tags = navigator.languages;
  const known = (it) => /^(ar|de|en|es|fr|zh)$/.test(it);
  const language = (chosen ? [chosen] : tags.map((it) => it.split("-")[0])).find(known) ?? "en";
  root.lang = tags.find((it) => it.startsWith(language + "-")) ?? language;
  root.dir = language === "ar" ? "rtl" : "ltr";
}
