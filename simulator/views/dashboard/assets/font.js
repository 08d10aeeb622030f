// Chinese signs come with a font of their own. It is named only once it is there: Chromium keeps the boxes of words that
// it drew before.
document.fonts.load("16px 'Tanshi Han'", "碳市").then(() => document.documentElement.classList.add("han"));
