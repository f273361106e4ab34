//! Curves, areas and dots on one axis of x, panels below each other, as SVG.

use std::fmt::Write as _;

/// Colour of values from captures of one eye.
pub const GENUINE: &str = "#1f7a4d";
/// Colour of values from different eyes.
pub const IMPOSTOR: &str = "#b8442f";

const WIDTH: f32 = 760.0;

/// Beginning of each drawing: the element, and a box of the page's width.
pub const SVG_START: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 ";
const HEIGHT: f32 = 250.0;
const LEFT: f32 = 60.0;
const RIGHT: f32 = 20.0;
const TOP: f32 = 40.0;
const BOTTOM: f32 = 46.0;
const BINS: usize = 120;

/// A drawing under way.
pub struct Page(String);

impl Page {
    /// An empty page for so many panels.
    #[must_use]
    pub fn new(panels: u8) -> Self {
        let height = HEIGHT * f32::from(panels);
        Self(format!(
            "{SVG_START}{height}\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>\n"
        ))
    }

    /// Returns the finished drawing as SVG.
    #[must_use]
    pub fn into_svg(self) -> String {
        self.0 + "</svg>\n"
    }

    fn put(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("writing to a String cannot fail");
    }

    fn text(&mut self, (x, y): (f32, f32), style: &str, words: &str) {
        self.put(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" {style}>{words}</text>"
        ));
    }

    fn line(&mut self, from: (f32, f32), to: (f32, f32), style: &str) {
        self.put(format_args!(
            "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" {style}/>",
            from.0, from.1, to.0, to.1
        ));
    }
}

/// A rectangle of the page with its axes.
pub struct Panel {
    /// Place from the top of the page, from 0.
    pub number: u8,
    /// Ends of the horizontal axis.
    pub x: (f32, f32),
    /// Ends of the vertical axis.
    pub y: (f32, f32),
}

impl Panel {
    fn top(&self) -> f32 {
        HEIGHT * f32::from(self.number)
    }

    fn at(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let bottom = self.top() + HEIGHT - BOTTOM;
        let across = (x - self.x.0) / (self.x.1 - self.x.0);
        let up = (y - self.y.0) / (self.y.1 - self.y.0);
        (
            LEFT + across * (WIDTH - RIGHT - LEFT),
            bottom - up * (HEIGHT - BOTTOM - TOP),
        )
    }

    /// Draws the title, the horizontal axis, the words below it, and values to mark on it.
    pub fn frame(&self, page: &mut Page, title: &str, below: &str, marks: &[f32]) {
        let (start, end) = (self.at((self.x.0, self.y.0)), self.at((self.x.1, self.y.0)));
        page.text((LEFT, self.top() + 22.0), "font-weight=\"bold\"", title);
        page.line(start, end, "stroke=\"#444\"");
        let middle = (0.5 * (start.0 + end.0), start.1 + 34.0);
        page.text(middle, "text-anchor=\"middle\"", below);
        for mark in marks {
            let (x, y) = self.at((*mark, self.y.0));
            page.line((x, y), (x, y + 4.0), "stroke=\"#444\"");
            let style = "text-anchor=\"middle\"";
            page.text((x, y + 17.0), style, &mark.to_string());
        }
    }

    /// Values to mark on the vertical axis.
    pub fn levels(&self, page: &mut Page, levels: &[f32]) {
        for level in levels {
            let (x, y) = self.at((self.x.0, *level));
            let style = "text-anchor=\"end\"";
            page.text((x - 6.0, y + 4.0), style, &level.to_string());
        }
    }

    /// A line of the legend, from 0.
    pub fn note(&self, page: &mut Page, line: u8, colour: &str, words: &str) {
        let y = self.top() + 22.0 + 16.0 * f32::from(line);
        let style = format!("text-anchor=\"end\" fill=\"{colour}\"");
        page.text((WIDTH - RIGHT, y), &style, words);
    }

    /// A line through points.
    pub fn curve(&self, page: &mut Page, points: &[(f32, f32)], colour: &str) {
        let path = self.path(points);
        page.put(format_args!(
            "<polyline points=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"/>"
        ));
    }

    /// The distribution of values: counts of equal bins, the highest as one.
    pub fn histogram(&self, page: &mut Page, values: impl IntoIterator<Item = f32>, colour: &str) {
        let (low, high) = self.x;
        let mut counts = [0u32; BINS];
        for value in values {
            let bin = (value - low) / (high - low) * BINS as f32;
            counts[(bin as usize).min(BINS - 1)] += 1;
        }
        let peak = counts.iter().max().copied().unwrap_or(1).max(1) as f32;
        let edge = |bin: usize| low + bin as f32 / BINS as f32 * (high - low);
        let mut points = vec![(low, 0.0)];
        for (bin, count) in counts.iter().enumerate() {
            let height = *count as f32 / peak;
            points.extend([(edge(bin), height), (edge(bin + 1), height)]);
        }
        points.push((high, 0.0));
        let path = self.path(&points);
        page.put(format_args!(
            "<polygon points=\"{path}\" fill=\"{colour}\" fill-opacity=\"0.35\" stroke=\"{colour}\"/>"
        ));
    }

    /// A dashed vertical line with its value on a line of its own, from 0 at the top.
    pub fn threshold(&self, page: &mut Page, value: f32, line: u8) {
        let (x, top) = self.at((value, self.y.1));
        let (_, bottom) = self.at((value, self.y.0));
        let style = "stroke=\"#333\" stroke-dasharray=\"4 3\"";
        page.line((x, top), (x, bottom), style);
        let place = (x - 3.0, top + 10.0 + 14.0 * f32::from(line));
        page.text(place, "text-anchor=\"end\"", &format!("{value:.3}"));
    }

    /// A disc of a radius in pixels.
    pub fn dot(&self, page: &mut Page, at: (f32, f32), radius: f32, style: &str) {
        let (x, y) = self.at(at);
        page.put(format_args!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" {style}/>"
        ));
    }

    fn path(&self, points: &[(f32, f32)]) -> String {
        let places = points.iter().map(|point| {
            let (x, y) = self.at(*point);
            format!("{x:.1},{y:.1}")
        });
        places.collect::<Vec<String>>().join(" ")
    }
}
