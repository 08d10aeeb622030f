// Sets the equations of a page (`\( ... \)` and `\[ ... \]` as Markdown leaves them) with the KaTeX beside this file.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".arithmatex").forEach((place) => {
    const text = place.textContent.trim();
    const display = text.startsWith("\\[");
    katex.render(text.slice(2, -2), place, { displayMode: display, throwOnError: true, output: "htmlAndMathml" });
  });
});
// Chinese signs come with a font of their own. It is named only once it is there: Chromium keeps the boxes of words that
// it drew before.
document.fonts.load("16px 'Tanshi Han'", "碳市").then(() => document.documentElement.classList.add("han"));
