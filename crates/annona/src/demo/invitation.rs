//! Address of the citizen's app in the demo, as text and as a QR code for a phone's camera.

use anyhow::Context;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

/// Tells where the app is; `with_code` adds a QR code in half blocks, for a terminal.
pub(super) fn to_the_app(address: &str, with_code: bool) -> anyhow::Result<String> {
    let text = format!(
        "\n== the citizen's app\n\
         open {address}/ in a browser on this machine; on a phone that is connected by USB, after\n\
         \x20 adb reverse tcp:{port} tcp:{port}",
        port = port_of(address)?
    );
    if !with_code {
        return Ok(text);
    }
    Ok(format!("{text}\n\n{}", code_of(&format!("{address}/"))?))
}

fn port_of(address: &str) -> anyhow::Result<&str> {
    let (_, port) = address
        .rsplit_once(':')
        .context("the service's address has no port")?;
    Ok(port.trim_end_matches('/'))
}

/// QR code of which the light modules are drawn: that is right on a dark terminal, and on a light
/// one phones read the negative.
fn code_of(text: &str) -> anyhow::Result<String> {
    let code = QrCode::new(text).context("the address does not fit a QR code")?;
    Ok(code
        .render::<Dense1x2>()
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark)
        .build())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rqrr::PreparedImage;

    use super::*;

    /// The text that a camera reads off the half blocks of a dark terminal.
    fn read(blocks: &str) -> String {
        const MODULE_PX: usize = 4;
        let rows: Vec<Vec<[bool; 2]>> = blocks
            .lines()
            .map(|line| {
                line.chars()
                    .map(|block| match block {
                        '█' => [true, true],
                        '▀' => [true, false],
                        '▄' => [false, true],
                        ' ' => [false, false],
                        other => panic!("{other:?}"),
                    })
                    .collect()
            })
            .collect();
        let (width, height) = (rows[0].len() * MODULE_PX, 2 * rows.len() * MODULE_PX);
        let mut image = PreparedImage::prepare_from_greyscale(width, height, |x, y| {
            let (column, row) = (x / MODULE_PX, y / MODULE_PX);
            u8::from(rows[row / 2][column][row % 2]) * 255
        });
        image.detect_grids()[0].decode().unwrap().1
    }

    #[test]
    fn a_camera_reads_the_address_off_a_dark_terminal() {
        let text = to_the_app("http://127.0.0.1:40123", true).unwrap();
        let (said, code) = text.rsplit_once("\n\n").unwrap();
        assert!(said.contains("open http://127.0.0.1:40123/ in"), "{said}");
        assert!(said.contains("tcp:40123 tcp:40123"), "{said}");
        assert_eq!(read(code), "http://127.0.0.1:40123/");
    }

    #[test]
    fn a_log_gets_no_code() {
        let text = to_the_app("http://127.0.0.1:40123", false).unwrap();
        assert!(text.is_ascii(), "{text}");
    }
}
