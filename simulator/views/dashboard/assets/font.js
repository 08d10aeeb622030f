// Chinese signs come with a font of their own. It is named only once it is there, and what stands on a Chinese page from
// the beginning is not drawn before: Chromium may keep the boxes of words that it drew without it. A font that cannot be
// had takes nothing away.
document.fonts.load("16px 'Tanshi Han'", "碳市").catch(() => []).then(() => document.documentElement.classList.add("han"));
