// Sets the equations of a page (`\( ... \)` and `\[ ... \]` as Markdown leaves them) with the KaTeX beside this file.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".arithmatex").forEach((place) => {
    const text = place.textContent.trim();
    const display = text.startsWith("\\[");
    katex.render(text.slice(2, -2), place, { displayMode: display, throwOnError: true, output: "htmlAndMathml" });
  });
});
