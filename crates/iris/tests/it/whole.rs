//! Files that are not whole, hold more than a picture, or contradict themselves: no
//! decoder may fill them in.

use annona_iris::{FileFault, FileFeature, IrisError, read_image};
use image::{DynamicImage, GrayImage, ImageFormat, Luma, LumaA, Rgba};

use crate::files::{
    bmp_header, compressed_zeros, png_with, png_with_chunk, restarted_rows, restarting_jpeg,
    segment, written,
};

const FORMATS: [ImageFormat; 4] = [
    ImageFormat::Png,
    ImageFormat::Jpeg,
    ImageFormat::Bmp,
    ImageFormat::Pnm,
];

fn picture() -> DynamicImage {
    let mixed = |x: u32, y: u32| ((x * x + y * 31) % 97 + x / 3) as u8;
    DynamicImage::ImageLuma8(GrayImage::from_fn(200, 152, |x, y| Luma([mixed(x, y)])))
}

/// The least file of each format, and more kinds of JPEG, PNG and PNM.
fn whole_files() -> Vec<(&'static str, Vec<u8>)> {
    let colour = DynamicImage::ImageRgb8(picture().into_rgb8());
    let figures = picture().into_luma8();
    let figures: Vec<String> = figures.as_raw().iter().map(u8::to_string).collect();
    vec![
        ("PNG", written(&picture(), ImageFormat::Png)),
        ("PNG, colour", written(&colour, ImageFormat::Png)),
        ("JPEG", written(&picture(), ImageFormat::Jpeg)),
        ("JPEG, colour", written(&colour, ImageFormat::Jpeg)),
        (
            "JPEG, progressive",
            include_bytes!("../fixtures/progressive.jpg").to_vec(),
        ),
        ("JPEG, restarts", restarting_jpeg(restarted_rows())),
        ("BMP", written(&picture(), ImageFormat::Bmp)),
        ("BMP, colour", written(&colour, ImageFormat::Bmp)),
        ("PGM", written(&picture(), ImageFormat::Pnm)),
        (
            "PGM, figures",
            format!("P2\n200 152\n255\n{}\n", figures.join(" ")).into_bytes(),
        ),
        ("PPM", written(&colour, ImageFormat::Pnm)),
    ]
}

fn fault(file: &[u8]) -> Result<(), FileFault> {
    match read_image(file) {
        Ok(_) => Ok(()),
        Err(IrisError::DamagedImage { fault }) => Err(fault),
        Err(other) => panic!("{other:?}"),
    }
}

fn feature(file: &[u8]) -> FileFeature {
    match read_image(file) {
        Err(IrisError::UnsupportedImage { feature }) => feature,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_that_ends_early_is_refused_wherever_it_ends() {
    for (name, file) in whole_files() {
        assert_eq!(fault(&file), Ok(()), "{name}");
        // In figures, the last blanks say nothing.
        let least = file.trim_ascii_end().len();
        let step = (file.len() / 4_000).max(1);
        for length in (8..least).step_by(step).chain(least - 64..least) {
            let cut = read_image(&file[..length]);
            let is_last_figure = name == "PGM, figures" && length + 3 > least;
            assert!(
                cut.is_err() || is_last_figure,
                "{name}: {length} of {}",
                file.len()
            );
        }
    }
}

#[test]
fn a_picture_whose_end_is_only_marked_is_refused() {
    for (name, file) in whole_files()
        .into_iter()
        .filter(|(name, _)| name.starts_with("JPEG"))
    {
        for part in 1..16 {
            let cut = [&file[..file.len() * part / 16], &[0xff, 0xd9]].concat();
            assert!(read_image(&cut).is_err(), "{name}: {part} of 16");
        }
    }
}

#[test]
fn bytes_after_a_picture_are_refused() {
    for (name, file) in whole_files() {
        for rest in [&b"P5 "[..], b"\xff\xd8\xff\xd9", b"\0\0\0\0", &file] {
            let longer = [&file, rest].concat();
            assert_eq!(fault(&longer), Err(FileFault::ExtraBytes), "{name}");
        }
    }
}

#[test]
fn every_byte_of_a_png_is_checked() {
    let file = written(&picture(), ImageFormat::Png);
    for place in 8..file.len() {
        let mut changed = file.clone();
        changed[place] ^= 0x10;
        assert!(read_image(&changed).is_err(), "byte {place}");
    }
}

#[test]
fn a_png_with_fewer_or_more_rows_than_it_says_is_refused() {
    for (rows, expected) in [
        (150, Ok(())),
        (149, Err(FileFault::EndsEarly)),
        (151, Err(FileFault::ExtraBytes)),
    ] {
        let pixels = compressed_zeros(201 * rows);
        let file = png_with(200, 150, 8, 0, &[(b"IDAT", &pixels)]);
        assert_eq!(fault(&file), expected, "{rows} rows");
    }
    let mut adler = compressed_zeros(201 * 150);
    *adler.last_mut().unwrap() ^= 1;
    let file = png_with(200, 150, 8, 0, &[(b"IDAT", &adler)]);
    assert_eq!(fault(&file), Err(FileFault::Checksum));
}

#[test]
fn a_colour_that_a_palette_lacks_is_not_made_up() {
    let pixels = compressed_zeros(201 * 150);
    let grey = [0, 0, 0, 9, 9, 9];
    let sound = png_with(200, 150, 8, 3, &[(b"PLTE", &grey), (b"IDAT", &pixels)]);
    assert_eq!(fault(&sound), Ok(()));
    let mut rows = vec![0u8; 201 * 150];
    rows[201 * 80 + 7] = 2;
    let mut stream = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut stream, &rows).unwrap();
    let pixels = stream.finish().unwrap();
    let lacking = png_with(200, 150, 8, 3, &[(b"PLTE", &grey), (b"IDAT", &pixels)]);
    assert_eq!(fault(&lacking), Err(FileFault::Contradiction));

    let mut bmp = bmp_header(200, 150);
    bmp.extend(vec![3; 200 * 150]);
    assert_eq!(fault(&bmp), Ok(()));
    bmp[46] = 3;
    assert_eq!(fault(&bmp), Err(FileFault::Contradiction));
}

#[test]
fn restarts_that_are_lost_or_out_of_order_are_refused() {
    let sound = restarted_rows();
    for row in 0..sound.len() {
        let mut lost = sound.clone();
        lost.remove(row);
        assert!(fault(&restarting_jpeg(lost)).is_err(), "row {row} lost");
        let mut short = sound.clone();
        short[row].bytes = 6;
        assert!(fault(&restarting_jpeg(short)).is_err(), "row {row} short");
        let mut unmarked = sound.clone();
        unmarked[row].marker = match unmarked[row].marker {
            Some(_) => None,
            None => Some(0),
        };
        assert!(
            fault(&restarting_jpeg(unmarked)).is_err(),
            "row {row}'s marker"
        );
    }
    let mut swapped = sound.clone();
    (swapped[3].marker, swapped[4].marker) = (sound[4].marker, sound[3].marker);
    assert_eq!(
        fault(&restarting_jpeg(swapped)),
        Err(FileFault::Contradiction)
    );
}

/// The places of the scans of a JPEG, each up to the next.
fn scans(file: &[u8]) -> Vec<usize> {
    let starts = file
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| *pair == [0xff, 0xda]);
    let mut places: Vec<usize> = starts.map(|(place, _)| place).collect();
    places.push(file.len() - 2);
    places
}

#[test]
fn a_progressive_picture_without_one_of_its_scans_is_refused() {
    let file = include_bytes!("../fixtures/progressive.jpg");
    let places = scans(file);
    assert!(places.len() > 4);
    for scan in places.windows(2) {
        // Tables of the next scan lie between; without them it is no better.
        let without = [&file[..scan[0]], &file[scan[1]..]].concat();
        assert!(fault(&without).is_err());
        let twice = [&file[..scan[1]], &file[scan[0]..]].concat();
        assert!(fault(&twice).is_err());
    }
}

#[test]
fn what_shows_through_a_picture_is_not_seen() {
    let grey = picture().into_luma8();
    for hidden in [0, 1, 128, 254] {
        let opacity = |x: u32, y: u32| if (x, y) == (100, 70) { hidden } else { 255 };
        let pale = image::GrayAlphaImage::from_fn(200, 152, |x, y| {
            LumaA([grey.get_pixel(x, y)[0], opacity(x, y)])
        });
        let colour = image::RgbaImage::from_fn(200, 152, |x, y| {
            let v = grey.get_pixel(x, y)[0];
            Rgba([v, v, v, opacity(x, y)])
        });
        for file in [
            written(&pale.into(), ImageFormat::Png),
            written(&colour.clone().into(), ImageFormat::Png),
            written(&colour.into(), ImageFormat::Bmp),
        ] {
            assert_eq!(feature(&file), FileFeature::Transparency);
        }
    }
    let keyed = png_with_chunk(&written(&picture(), ImageFormat::Png), b"tRNS", &[0, 40]);
    assert_eq!(feature(&keyed), FileFeature::Transparency);
}

#[test]
fn several_pictures_in_a_file_are_refused() {
    let png = written(&picture(), ImageFormat::Png);
    let animated = png_with_chunk(&png, b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]);
    assert_eq!(feature(&animated), FileFeature::SeveralPictures);
    let jpeg = written(&picture(), ImageFormat::Jpeg);
    let stereo = [&jpeg[..2], &segment(0xe2, b"MPF\0II*\0"), &jpeg[2..]].concat();
    assert_eq!(feature(&stereo), FileFeature::SeveralPictures);
    let pgm = written(&picture(), ImageFormat::Pnm);
    assert_eq!(
        fault(&[&pgm[..], &pgm[..]].concat()),
        Err(FileFault::ExtraBytes)
    );
}

#[test]
fn rare_forms_are_refused_by_name() {
    let inks = include_bytes!("../fixtures/cmyk.jpg");
    assert_eq!(feature(inks), FileFeature::FourInks);
    let mut runs = written(&picture(), ImageFormat::Bmp);
    runs[30] = 1;
    assert_eq!(feature(&runs), FileFeature::Packing);
    assert_eq!(
        feature(&[b"P4\n200 152\n", &[0; 25 * 152][..]].concat()),
        FileFeature::TwoLevels
    );
    let mut jpeg = written(&picture(), ImageFormat::Jpeg);
    let frame = jpeg
        .windows(2)
        .position(|pair| pair == [0xff, 0xc0])
        .unwrap();
    jpeg[frame + 1] = 0xc9;
    assert_eq!(feature(&jpeg), FileFeature::Packing);
    let png = written(&picture(), ImageFormat::Png);
    assert_eq!(
        feature(&png_with_chunk(&png, b"HIDE", b"")),
        FileFeature::UnknownPart
    );
}

#[test]
fn sizes_that_disagree_are_refused() {
    let bmp = written(&picture(), ImageFormat::Bmp);
    // Size of the file, place of the pixels, height, bytes of all rows.
    for (place, change) in [(2, 4), (10, 8), (22, 1), (34, 4)] {
        for sign in [1i32, -1] {
            let mut file = bmp.clone();
            let field: [u8; 4] = file[place..place + 4].try_into().unwrap();
            let value = i32::from_le_bytes(field);
            let value = if place == 34 { 200 * 152 } else { value };
            file[place..place + 4].copy_from_slice(&(value + sign * change).to_le_bytes());
            assert!(fault(&file).is_err(), "{place}: {change}");
        }
    }
    let mut top_down = bmp.clone();
    top_down[22..26].copy_from_slice(&(-152i32).to_le_bytes());
    assert_eq!(fault(&top_down), Ok(()));
}

#[test]
fn samples_above_the_maximum_are_refused() {
    let samples = |value: u8| vec![value; 200 * 152];
    let header = |text: &str| text.as_bytes().to_vec();
    for (name, head) in [
        ("plain", "P5\n200 152\n100\n"),
        ("comments", "P5 # one\n#two\n200\n# three\r152 100\n"),
    ] {
        let head = header(head);
        assert_eq!(
            fault(&[head.clone(), samples(100)].concat()),
            Ok(()),
            "{name}"
        );
        assert!(fault(&[head, samples(101)].concat()).is_err(), "{name}");
    }
    for head in [
        "P5\n200 152\n0\n",
        "P5\n200 152\n65536\n",
        "P5\n200 152\n255#\n",
        "P5\n-200 152\n255\n",
    ] {
        assert!(
            fault(&[header(head), samples(9)].concat()).is_err(),
            "{head}"
        );
    }
    let figures =
        |value: &str| format!("P2 200 152 100\n{}", format!("{value} ").repeat(200 * 152));
    assert_eq!(fault(figures("100").as_bytes()), Ok(()));
    assert!(fault(figures("101").as_bytes()).is_err());
    assert!(fault(figures("1.0").as_bytes()).is_err());
}

#[test]
fn the_formats_are_still_read() {
    for format in FORMATS {
        assert!(
            read_image(&written(&picture(), format)).is_ok(),
            "{format:?}"
        );
    }
}
