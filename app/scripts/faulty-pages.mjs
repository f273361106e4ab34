// Pages that each have one fault. The gallery inspects them first: an inspection that finds nothing
// in them would find nothing anywhere.

/** Page in a direction, at the sizes of the app's letters and controls. */
const page = (body, dir = 'ltr') =>
  `<!doctype html><html dir="${dir}"><style>
    * { box-sizing: border-box } body { margin: 0; font: 16px/1.5 sans-serif; overflow-wrap: anywhere }
    button { min-height: 48px; min-width: 48px; border: 1px solid }
  </style><body>${body}</body></html>`;

const ADDRESS = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';

/** Each page with the part of a sentence that the inspection must say of it. */
export const FAULTY_PAGES = [
  [page('<div style="width: 2000px">wide</div>'), 'scrolls sideways'],
  [page('<button style="min-height: 20px; height: 20px">low</button>'), 'the target "low"'],
  [page('<button style="min-width: 0; width: 30px; padding: 0">x</button>'), 'the target "x"'],
  [page('<button style="height: 48px; width: 80px">far too much for a button of this size to hold in its lines</button>'), 'leaves its box'],
  [page('<div style="overflow: hidden; white-space: nowrap; width: 90px">cut off here, and nothing says so</div>'), 'leaves its box'],
  [page('<div style="position: relative; left: -40px">gone</div>'), 'leaves the page'],
  [page('<label>Name <input style="height: 48px" value="longer than its field, by a good deal"></label>'), 'cuts off'],
  [page('<p style="width: 60px">incomprehensible</p>'), 'breaks the word'],
  [page('<p style="margin: 0">below</p><p style="margin: -20px 0 0">above</p>'), 'lie over each other'],
  [page('<svg width="40" height="40"></svg><span style="margin-left: -30px">words</span>'), 'lie over each other'],
  [page(`<p>العنوان ${ADDRESS} لك.</p>`, 'rtl'), 'no direction'],
  [page('<p>انظر https://annona.example/ الآن</p>', 'rtl'), 'no direction'],
  [page(`<div style="display: flex"><bdi dir="ltr">${ADDRESS}</bdi></div>`, 'rtl'), 'begins at the other side'],
  [page('<img alt="" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'), 'a picture (img)'],
  [page('<svg width="60" height="30"><text y="20">words</text></svg>'), 'a picture (text)'],
  [page('<button class="primary">one</button> <button class="primary">two</button>'), '2 primary actions'],
  [page('<svg role="img" width="100" height="100" viewBox="0 0 69 69"><rect width="9" height="9"/></svg>'), 'modules of 1.4 px'],
];

/** Pages that look like faults and are none. */
export const SOUND_PAGES = [
  page(`<p>العنوان <bdi dir="ltr">${ADDRESS}</bdi> لك.</p>`, 'rtl'),
  page(`<p>العنوان \u2066${ADDRESS}\u2069 لك.</p>`, 'rtl'),
  page('<p style="margin: 0">one line<br>and another</p><p style="margin: 0">and one more</p>'),
  page('<label style="display: flex; height: 48px; width: 90px"><input type="radio">yes</label>'),
  page('<button class="primary">the only one</button> <button>another</button>'),
];
