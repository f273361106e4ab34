//! Text, lines and boxes on a picture, without fonts of the system.

use std::convert::Infallible;

use embedded_graphics::Pixel;
use embedded_graphics::mono_font::ascii::FONT_10X20;
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::{
    Dimensions, DrawTarget, Drawable, OriginDimensions, Point, RgbColor, Size,
};
use embedded_graphics::text::{Baseline, Text};
use image::{GenericImage, Rgb, RgbImage};

/// A colour.
pub(crate) type Colour = Rgb<u8>;

pub(crate) const WHITE: Colour = Rgb([255, 255, 255]);
pub(crate) const INK: Colour = Rgb([32, 36, 44]);
pub(crate) const FAINT: Colour = Rgb([222, 225, 230]);

/// The lettering: 10 x 20 pixels a letter.
const FONT: &MonoFont<'static> = &FONT_10X20;

/// A picture to draw on. What lies outside is left out.
pub(crate) struct Canvas {
    picture: RgbImage,
}

impl Canvas {
    pub(crate) fn new(width: u32, height: u32) -> Self {
        Self {
            picture: RgbImage::from_pixel(width, height, WHITE),
        }
    }

    pub(crate) fn into_picture(self) -> RgbImage {
        self.picture
    }

    /// Writes ASCII text with its upper left corner at (`x`, `y`).
    pub(crate) fn text(&mut self, text: &str, x: i32, y: i32, colour: Colour) {
        let Rgb([r, g, b]) = colour;
        let style = MonoTextStyle::new(FONT, Rgb888::new(r, g, b));
        let text = Text::with_baseline(text, Point::new(x, y), style, Baseline::Top);
        let Ok(_) = text.draw(self);
    }

    /// Writes ASCII text that ends at `x`.
    pub(crate) fn text_before(&mut self, text: &str, x: i32, y: i32, colour: Colour) {
        let width = text.len() as i32 * FONT.character_size.width as i32;
        self.text(text, x - width, y, colour);
    }

    /// Fills the box from (`x`, `y`) with a colour of opacity 0 to 1.
    pub(crate) fn fill(
        &mut self,
        (x, y): (i32, i32),
        (width, height): (i32, i32),
        colour: Colour,
        opacity: f32,
    ) {
        let end = |from: i32, length: i32, size: u32| (from + length).clamp(0, size as i32);
        for row in y.max(0)..end(y, height, self.picture.height()) {
            for column in x.max(0)..end(x, width, self.picture.width()) {
                let pixel = self.picture.get_pixel_mut(column as u32, row as u32);
                *pixel = blend(*pixel, colour, opacity);
            }
        }
    }

    /// Puts a picture with its upper left corner at (`x`, `y`), which must fit.
    pub(crate) fn paste(&mut self, other: &RgbImage, x: u32, y: u32) {
        self.picture
            .copy_from(other, x, y)
            .expect("the canvas was made large enough for its pictures");
    }
}

/// `over` on `under`, with opacity 0 to 1.
pub(crate) fn blend(under: Colour, over: Colour, opacity: f32) -> Colour {
    let mix = |k: usize| {
        let (u, o) = (f32::from(under[k]), f32::from(over[k]));
        (u + (o - u) * opacity).round() as u8
    };
    Rgb([mix(0), mix(1), mix(2)])
}

impl OriginDimensions for Canvas {
    fn size(&self) -> Size {
        Size::new(self.picture.width(), self.picture.height())
    }
}

impl DrawTarget for Canvas {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(
        &mut self,
        pixels: I,
    ) -> Result<(), Infallible> {
        let whole = self.bounding_box();
        for Pixel(point, colour) in pixels {
            if whole.contains(point) {
                let pixel = Rgb([colour.r(), colour.g(), colour.b()]);
                self.picture
                    .put_pixel(point.x as u32, point.y as u32, pixel);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_leaves_ink_where_it_stands_and_nowhere_else() {
        let mut canvas = Canvas::new(60, 40);
        canvas.text_before("EER", 50, 10, INK);
        let inked: Vec<(u32, u32)> = canvas
            .into_picture()
            .enumerate_pixels()
            .filter(|(_, _, pixel)| **pixel == INK)
            .map(|(x, y, _)| (x, y))
            .collect();
        assert!(inked.len() > 60);
        assert!(
            inked
                .iter()
                .all(|&(x, y)| (20..50).contains(&x) && (10..30).contains(&y))
        );
    }

    #[test]
    fn what_lies_outside_is_left_out() {
        let mut canvas = Canvas::new(10, 10);
        canvas.fill((-5, 8), (100, 100), INK, 1.0);
        canvas.text("wide", 5, -3, INK);
        let picture = canvas.into_picture();
        assert_eq!(
            (*picture.get_pixel(0, 9), *picture.get_pixel(0, 7)),
            (INK, WHITE)
        );
    }
}
