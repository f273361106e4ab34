// A person who has a keyboard alone: goes from control to control by the tab key, sees where the
// focus is, and finds it at the heading of each page that opens.

/** Most presses of the tab key to anything on a page. */
const MOST_TABS = 60;

/** Returns the steps of a keyboard on a page; `expect` is told of what is not as it must be. */
export function keyboardOf(page, expect) {
  const { keyboard } = page;

  /** Waits for a page, to whose heading the focus must have moved. */
  const arrive = async (title) => {
    await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
    const focused = await page.evaluate(() => document.activeElement.textContent);
    const isThere = title instanceof RegExp ? title.test(focused) : focused === title;
    expect(isThere, `on "${title}" the focus is at "${focused.slice(0, 40)}"`);
  };

  /** Goes on by the tab key, or `step`, to a control of a name that begins so. */
  const tabTo = async (name, step = 'Tab') => {
    for (let tabs = 0; tabs < MOST_TABS; tabs += 1) {
      await keyboard.press(step);
      const { text, isVisible } = await page.evaluate(() => {
        const { activeElement: it } = document;
        // Between the last control and the first one none has the focus.
        if (it === document.body) return { text: '' };
        const label = it.labels?.[0] ?? it;
        const { outlineStyle, outlineWidth } = getComputedStyle(it);
        return {
          // Signs that direct the text or let it break are neither seen nor heard.
          text: (it.ariaLabel ?? label.textContent).replace(/[\u200b\u2066\u2069]/g, '').trim(),
          isVisible: outlineStyle !== 'none' && outlineWidth !== '0px',
        };
      });
      if (!text.startsWith(name)) continue;
      expect(isVisible, `nothing shows that "${name}" has the focus`);
      return;
    }
    throw new Error(`the tab key does not come to "${name}"`);
  };

  const press = async (name) => {
    await tabTo(name);
    await keyboard.press('Enter');
  };

  return {
    arrive,
    tabTo,
    press,
    /** Goes back by the button above the heading. */
    back: async () => {
      await tabTo('Back', 'Shift+Tab');
      await keyboard.press('Enter');
    },
    /** Writes into a field in the place of what is there. */
    write: async (label, text) => {
      await tabTo(label);
      await keyboard.press('ControlOrMeta+a');
      await keyboard.insertText(text);
    },
    /** Writes into the only field of a form and sends it off. */
    answer: async (label, text) => {
      await tabTo(label);
      await keyboard.type(text);
      await keyboard.press('Enter');
    },
    /** Chooses the next one of several, from the one that is chosen. */
    chooseNext: async (chosen, key = 'ArrowDown') => {
      await tabTo(chosen);
      await keyboard.press(key);
    },
  };
}
