//! Reads a picture out of a file, whole and upright, or refuses it.
//!
//! Decoders are made to show something: they fill in the parts that a file lacks, pass over
//! those that they do not know, and leave out how the camera was held. Here each file is
//! walked through before it is decoded, so that the pixels are those that the camera wrote.

mod bmp;
mod bytes;
mod jpeg;
mod orientation;
mod png;
mod pnm;

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageFormat, ImageReader};

use crate::error::{FileFault, FileFeature, IrisError};
use crate::limits;

/// Reads a PNG, JPEG, BMP or PNM file as grey levels, upright by its orientation tag (ENROL-14).
///
/// Orientation is read from EXIF (JPEG, PNG) and XMP (JPEG, PNG). A file without a tag is
/// taken as it is; one with a value that is none of the eight, or with two that
/// disagree, is refused.
///
/// # Errors
/// [`IrisError::UnreadableImage`], [`IrisError::ImageTooSmall`] and
/// [`IrisError::ImageTooLarge`], decided on the header before anything is decoded;
/// [`IrisError::DamagedImage`] for a file that is not whole or contradicts itself;
/// [`IrisError::UnsupportedImage`] for a file that holds more than one opaque picture.
pub fn read_image(bytes: &[u8]) -> Result<GrayImage, IrisError> {
    if bytes.len() > limits::MAX_IMAGE_BYTES {
        return Err(IrisError::ImageTooLarge {
            width: 0,
            height: 0,
        });
    }
    let format = image::guess_format(bytes).map_err(|_| IrisError::UnreadableImage)?;
    let orientation = match format {
        ImageFormat::Png => png::inspect(bytes),
        ImageFormat::Jpeg => jpeg::inspect(bytes),
        ImageFormat::Bmp => bmp::inspect(bytes),
        ImageFormat::Pnm => pnm::inspect(bytes),
        _ => return Err(IrisError::UnreadableImage),
    }?;
    let decoded = decoded(bytes, format)?;
    if !is_opaque(&decoded) {
        return Err(FileFeature::Transparency.into());
    }
    let mut upright = DynamicImage::ImageLuma8(decoded.into_luma8());
    upright.apply_orientation(orientation.unwrap_or(Orientation::NoTransforms));
    let upright = upright.into_luma8();
    check_size(upright.width(), upright.height())?;
    Ok(upright)
}

fn decoded(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage, IrisError> {
    let mut decoding = image::Limits::default();
    decoding.max_image_width = Some(limits::MAX_IMAGE_SIDE_PX);
    decoding.max_image_height = Some(limits::MAX_IMAGE_SIDE_PX);
    decoding.max_alloc = Some(limits::MAX_DECODING_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(decoding);
    reader.decode().map_err(|_| IrisError::UnreadableImage)
}

/// Returns whether no pixel lets anything show that may lie behind the picture.
fn is_opaque(image: &DynamicImage) -> bool {
    match image {
        DynamicImage::ImageLumaA8(grey) => grey.pixels().all(|p| p[1] == u8::MAX),
        DynamicImage::ImageLumaA16(grey) => grey.pixels().all(|p| p[1] == u16::MAX),
        DynamicImage::ImageRgba8(colour) => colour.pixels().all(|p| p[3] == u8::MAX),
        DynamicImage::ImageRgba16(colour) => colour.pixels().all(|p| p[3] == u16::MAX),
        other => !other.color().has_alpha(),
    }
}

/// Refuses sizes out of the limits.
pub(crate) fn check_size(width: u32, height: u32) -> Result<(), IrisError> {
    if width > limits::MAX_IMAGE_SIDE_PX || height > limits::MAX_IMAGE_SIDE_PX {
        return Err(IrisError::ImageTooLarge { width, height });
    }
    if width < limits::MIN_IMAGE_WIDTH_PX || height < limits::MIN_IMAGE_HEIGHT_PX {
        return Err(IrisError::ImageTooSmall { width, height });
    }
    Ok(())
}

/// Refuses sizes that are out of the limits whichever way the picture is turned.
fn check_stored_size(width: u32, height: u32) -> Result<(), IrisError> {
    check_size(width, height).or_else(|refusal| match refusal {
        IrisError::ImageTooSmall { .. } if check_size(height, width).is_ok() => Ok(()),
        refused => Err(refused),
    })
}

impl From<FileFault> for IrisError {
    fn from(fault: FileFault) -> Self {
        Self::DamagedImage { fault }
    }
}

impl From<FileFeature> for IrisError {
    fn from(feature: FileFeature) -> Self {
        Self::UnsupportedImage { feature }
    }
}
