//! The form of a TIFF's first page: what its samples mean, how they lie and what they are compressed with. Forms that
//! are not decoded are told here, before anything is.

use super::directory::{Directory, List, tag};
use super::fax::Coding;
use super::ycbcr::YCbCr;
use crate::files::defect::{PictureDefect, RareForm};
use crate::files::kind::RAW;

/// The most samples a pixel may have: what is beside the colours is left out.
const MOST_SAMPLES: u64 = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Fax(Coding),
    Lzw,
    Jpeg,
    /// The JPEG of TIFF 6.0 itself, which few programs write alike.
    OldJpeg,
    Deflate,
    PackBits,
    Zstd,
}

/// The kind of number that a sample is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sample {
    Whole,
    Signed,
    Real,
}

/// The meaning of samples.
#[derive(Debug, Clone, Copy)]
pub(super) enum Colours<'b> {
    Grey {
        /// The highest value is black.
        is_inverted: bool,
    },
    Rgb,
    /// Numbers of colours in a table: all reds, then all greens, then all blues, in sixteen bits.
    Palette(List<'b>),
    Cmyk,
    YCbCr(YCbCr),
    Lab {
        /// The numbers of the two colours have a sign.
        is_signed: bool,
    },
}

impl Colours<'_> {
    /// Samples that a colour is made of.
    pub(super) fn count(&self) -> usize {
        match self {
            Colours::Grey { .. } | Colours::Palette(_) => 1,
            Colours::Rgb | Colours::YCbCr(_) | Colours::Lab { .. } => 3,
            Colours::Cmyk => 4,
        }
    }
}

/// The change to the samples of a row before they were compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Predictor {
    None,
    Differences,
    /// Differences of the bytes of real numbers, the highest bytes of all numbers first.
    RealDifferences,
}

/// The form of a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form<'b> {
    pub(super) directory: Directory<'b>,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Of a sample.
    pub(super) bits: u16,
    pub(super) sample: Sample,
    /// Of a pixel, with what is beside the colours.
    pub(super) samples: usize,
    pub(super) colours: Colours<'b>,
    /// The colours were multiplied by the sample that comes after them.
    pub(super) is_multiplied: bool,
    /// Each sample of a pixel lies in a strip of its own.
    pub(super) is_separate: bool,
    pub(super) compression: Compression,
    pub(super) predictor: Predictor,
    /// The lowest bit of a byte is the first.
    pub(super) is_reversed: bool,
    /// The directory has nothing that libtiff refuses, to which Pillow leaves what is compressed.
    pub(super) is_sound: bool,
}

impl<'b> Form<'b> {
    pub(super) fn of(directory: Directory<'b>) -> Result<Form<'b>, PictureDefect> {
        let number = |tag| directory.number(tag);
        let size = |tag| number(tag).and_then(|size| u32::try_from(size).ok()).unwrap_or(0);
        let colours = number(tag::COLOURS).unwrap_or(0);
        if is_raw(&directory, colours) {
            return Err(PictureDefect::OtherFormat { format: RAW });
        }
        let compression = compression(&directory)?;
        let is_old_jpeg = compression == Compression::OldJpeg;
        let samples = number(tag::SAMPLES).unwrap_or(if is_old_jpeg && matches!(colours, 2 | 6) { 3 } else { 1 });
        let is_separate = number(tag::PLANES) == Some(2) && samples > 1;
        let form = Form {
            directory,
            width: size(tag::WIDTH),
            height: size(tag::HEIGHT),
            bits: bits(&directory, samples, if is_old_jpeg { 8 } else { 1 })?,
            sample: sample(&directory)?,
            samples: samples.min(MOST_SAMPLES + 1) as usize,
            colours: meaning(&directory, colours, samples, compression)?,
            is_multiplied: number(tag::EXTRA_SAMPLES) == Some(1),
            is_separate,
            compression,
            predictor: predictor(&directory, compression)?,
            is_reversed: number(tag::FILL_ORDER) == Some(2),
            is_sound: compression == Compression::None || is_sound(&directory),
        };
        form.check()?;
        Ok(form)
    }

    /// Refuses impossible forms and unsupported ones.
    fn check(&self) -> Result<(), PictureDefect> {
        let Form { bits, sample, samples, .. } = *self;
        if samples < self.colours.count() || samples as u64 > MOST_SAMPLES || bits == 0 {
            return Err(damaged(&format!("{samples} samples of {bits} bits a pixel")));
        }
        let is_decoded = match self.compression {
            Compression::Fax(_) => bits == 1 && samples == 1,
            Compression::Jpeg | Compression::OldJpeg => bits == 8,
            _ => match (&self.colours, sample) {
                (Colours::Grey { .. } | Colours::Rgb, Sample::Real) => matches!(bits, 16 | 32 | 64),
                (Colours::Grey { .. }, Sample::Whole) => matches!(bits, 1..=16 | 32),
                (Colours::Grey { .. }, Sample::Signed) => matches!(bits, 8 | 16 | 32),
                (Colours::Rgb, Sample::Whole) => matches!(bits, 1..=16 | 32),
                (Colours::Palette(_), Sample::Whole) => bits <= 8,
                (Colours::Cmyk, Sample::Whole) => matches!(bits, 8 | 16),
                (Colours::Lab { .. }, Sample::Whole | Sample::Signed) => matches!(bits, 8 | 16),
                (Colours::YCbCr(_), Sample::Whole) => bits == 8,
                _ => false,
            },
        };
        let is_predicted = match self.predictor {
            Predictor::None => true,
            Predictor::Differences => matches!(bits, 8 | 16 | 32 | 64),
            Predictor::RealDifferences => sample == Sample::Real,
        };
        match is_decoded && is_predicted {
            true => Ok(()),
            false => Err(rare(RareForm::TiffSamples { bits, is_real: sample == Sample::Real })),
        }
    }

    /// True where a sample is a byte already.
    pub(super) fn has_bytes(&self) -> bool {
        self.bits == 8 && self.sample != Sample::Real
    }

    /// Samples of a pixel that lie side by side.
    pub(super) fn samples_together(&self) -> usize {
        if self.is_separate { 1 } else { self.samples }
    }

    /// Strips or tiles that a pixel is spread over.
    pub(super) fn planes(&self) -> usize {
        if self.is_separate { self.samples } else { 1 }
    }
}

pub(super) fn damaged(detail: &str) -> PictureDefect {
    PictureDefect::Damaged { detail: detail.to_owned() }
}

pub(super) fn rare(form: RareForm) -> PictureDefect {
    PictureDefect::UnusualForm { form }
}

/// Cameras keep raw pictures in TIFFs whose first page is small: neither that nor the sensor's numbers are the picture.
fn is_raw(directory: &Directory<'_>, colours: u64) -> bool {
    const SENSOR: [u64; 2] = [32_803, 34_892];
    let is_sensor = |offset: u64| {
        let sub = directory.at(offset).ok();
        sub.and_then(|sub| sub.number(tag::COLOURS)).is_some_and(|colours| SENSOR.contains(&colours))
    };
    let subs = directory.list(tag::SUB_DIRECTORIES);
    SENSOR.contains(&colours)
        || directory.list(tag::RAW_VERSION).is_some()
        || subs.is_some_and(|subs| subs.numbers().take(16).any(is_sensor))
}

/// True where tags that have one number have one, and the numbers that are used are among those that there are.
fn is_sound(directory: &Directory<'_>) -> bool {
    let factors = directory.list(tag::SUBSAMPLING).filter(|_| directory.number(tag::COLOURS) == Some(6));
    let has_lost_lengths = [tag::STRIP_LENGTHS, tag::TILE_LENGTHS].into_iter().any(|tag| directory.has_lost(tag));
    !has_lost_lengths
        && directory.has_single_numbers(&tag::OF_ONE_NUMBER)
        && directory.number(tag::PLANES).is_none_or(|planes| matches!(planes, 1 | 2))
        && factors
            .is_none_or(|factors| factors.len() == 2 && factors.numbers().all(|factor| matches!(factor, 1 | 2 | 4)))
}

fn compression(directory: &Directory<'_>) -> Result<Compression, PictureDefect> {
    let number = directory.number(tag::COMPRESSION).unwrap_or(1);
    let name = match number {
        1 => return Ok(Compression::None),
        2 => return Ok(Compression::Fax(Coding::Huffman { align: 1 })),
        3 => {
            let is_two_dimensional = directory.number(tag::FAX_OPTIONS).unwrap_or(0) & 1 == 1;
            return Ok(Compression::Fax(Coding::Group3 { is_two_dimensional }));
        }
        4 => return Ok(Compression::Fax(Coding::Group4)),
        5 => return Ok(Compression::Lzw),
        6 => return Ok(Compression::OldJpeg),
        7 => return Ok(Compression::Jpeg),
        8 | 32_946 => return Ok(Compression::Deflate),
        32_771 => return Ok(Compression::Fax(Coding::Huffman { align: 2 })),
        32_773 => return Ok(Compression::PackBits),
        50_000 => return Ok(Compression::Zstd),
        9 | 10 | 34_661 => "JBIG",
        22_610 => "JPEG XR",
        32_766 => "NeXT",
        32_809 => "ThunderScan",
        32_867 | 65_000 => "Kodak",
        32_895..=32_898 => "IT8",
        32_908 => "Pixar",
        32_909 => "PixarLog",
        33_003 | 33_004 | 33_005 | 34_712 => "JPEG 2000",
        34_676 | 34_677 => "SGILog",
        34_887 => "LERC",
        34_925 => "LZMA",
        50_001 | 34_927 => "WebP",
        50_002 | 52_546 => "JPEG XL",
        // Cameras' own.
        32_767 | 34_713 | 34_892 | 65_535 => return Err(PictureDefect::OtherFormat { format: RAW }),
        _ => return Err(rare(RareForm::TiffCompressionNumber { number })),
    };
    Err(rare(RareForm::TiffCompression { name }))
}

/// Bits of a sample, where all have the same.
fn bits(directory: &Directory<'_>, samples: u64, usual: u16) -> Result<u16, PictureDefect> {
    let Some(list) = directory.list(tag::BITS) else { return Ok(usual) };
    let mut all = list.numbers().take(samples.clamp(1, MOST_SAMPLES) as usize);
    let first = all.next().unwrap_or(1).min(u16::MAX.into()) as u16;
    match all.all(|bits| bits == u64::from(first)) {
        true => Ok(first),
        false => Err(rare(RareForm::TiffUnequalSamples)),
    }
}

fn sample(directory: &Directory<'_>) -> Result<Sample, PictureDefect> {
    match directory.number(tag::SAMPLE_FORMAT).unwrap_or(1) {
        2 => Ok(Sample::Signed),
        3 => Ok(Sample::Real),
        5 | 6 => Err(rare(RareForm::TiffComplexNumbers)),
        _ => Ok(Sample::Whole),
    }
}

fn meaning<'b>(
    directory: &Directory<'b>,
    number: u64,
    samples: u64,
    compression: Compression,
) -> Result<Colours<'b>, PictureDefect> {
    let name = match number {
        // A picture of one colour alone is grey.
        6 if samples == 1 => return Ok(Colours::Grey { is_inverted: false }),
        6 => return Ok(Colours::YCbCr(YCbCr::of(directory, compression != Compression::None))),
        _ if compression == Compression::OldJpeg && samples == 3 => {
            return Ok(Colours::YCbCr(YCbCr::of(directory, true)));
        }
        0 | 1 => return Ok(Colours::Grey { is_inverted: number == 0 }),
        2 => return Ok(Colours::Rgb),
        3 => {
            let palette = directory.list(tag::COLOUR_MAP).ok_or_else(|| damaged("a palette without colours"))?;
            return Ok(Colours::Palette(palette));
        }
        5 => return Ok(Colours::Cmyk),
        8 | 9 => return Ok(Colours::Lab { is_signed: number == 8 }),
        4 => return Err(rare(RareForm::TiffMask)),
        10 => "ITULab",
        32_844 => "LogL",
        32_845 => "LogLuv",
        _ => return Err(rare(RareForm::TiffColoursNumber { number })),
    };
    Err(rare(RareForm::TiffColours { name }))
}

/// Only these compressions come with one.
fn predictor(directory: &Directory<'_>, compression: Compression) -> Result<Predictor, PictureDefect> {
    if !matches!(compression, Compression::Lzw | Compression::Deflate | Compression::Zstd) {
        return Ok(Predictor::None);
    }
    match directory.number(tag::PREDICTOR).unwrap_or(1) {
        0 | 1 => Ok(Predictor::None),
        2 => Ok(Predictor::Differences),
        3 => Ok(Predictor::RealDifferences),
        number => Err(rare(RareForm::TiffPredictorNumber { number })),
    }
}
