// SPDX-License-Identifier: MIT
// Runs before anything is drawn, so that nothing is seen in the wrong colors or in the wrong language first.

{
  const root = document.documentElement;

  const recall = name => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  };

  // ---- the colors: chosen by hand in settings.js, or else the system's

  const system = matchMedia('(prefers-color-scheme: dark)');

  const paint = event => {
    const kept = event?.detail ?? recall('colors');
    const colors = ['light', 'dark'].includes(kept) ? kept : system.matches ? 'dark' : 'light';
    root.dataset.colors = colors;
    document.querySelector('meta[name="color-scheme"]').content = colors;
    document.querySelector('meta[name="theme-color"]')?.setAttribute('content', { light: '#ffffff', dark: '#161d26' }[colors]);
  };

  paint();
  system.addEventListener('change', paint);
  addEventListener('colors', paint);
  addEventListener('storage', paint);      // chosen in another tab

  // ---- the language: chosen by hand in settings.js, or else the first of the browser's that the page speaks

  const FILES = { ar: '/words/ar.js', de: '/words/de.js', en: '/words/en.js', es: '/words/es.js', fr: '/words/fr.js' };
  const languageOf = tag => tag.split('-')[0].toLowerCase();

  const speak = () => {
    const tags = (navigator.languages || []).filter(tag => languageOf(tag) in FILES);
    const kept = recall('language');
    const isKept = Object.hasOwn(FILES, kept);
    // The browser may know which German is meant.
    root.lang = (isKept ? tags.find(tag => languageOf(tag) === kept) || kept : tags[0]) || 'en';

    const language = languageOf(root.lang);
    if (language === 'ar') root.dir = 'rtl';
    if (language !== 'en') root.dataset.awaits = 'words';
    // It comes together with the modules that need it.
    document.head.append(Object.assign(document.createElement('link'), { rel: 'modulepreload', href: FILES[language] }));
  };

  if ('languages' in document.currentScript.dataset) speak();
}
