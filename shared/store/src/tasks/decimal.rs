//! Which numbers the database keeps exactly.
//!
//! MySQL keeps whole numbers of 64 bits and, of all others, a double; it prints the shortest decimal of that double. A
//! number is kept when that decimal is the number that was sent. MySQL's parser rounds more than once, so that some
//! doubles of 16 and 17 digits come out as their neighbour: its steps are repeated here to tell which.

/// How a number that is kept is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kept {
    AsWritten,
    Anew(String),
}

/// A JSON number in its parts.
#[derive(Debug)]
pub(super) struct Decimal<'a> {
    is_negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
    is_whole: bool,
}

impl<'a> Decimal<'a> {
    /// Takes a valid JSON number apart.
    pub(super) fn parse(number: &'a str) -> Self {
        let unsigned = number.strip_prefix('-').unwrap_or(number);
        let (digits, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let most = if exponent.starts_with('-') {
            i64::MIN / 4
        } else {
            i64::MAX / 4
        };
        Self {
            is_negative: number.len() > unsigned.len(),
            whole: whole.as_bytes(),
            fraction: fraction.as_bytes(),
            exponent: exponent
                .parse()
                .unwrap_or(most)
                .clamp(i64::MIN / 4, i64::MAX / 4),
            is_whole: digits.len() == unsigned.len() && fraction.is_empty(),
        }
    }

    /// Writes the number so that it is kept exactly; `None` when no way of writing does.
    pub(super) fn kept(&self) -> Option<Kept> {
        if self.is_whole && self.fits_64_bits() {
            return Some(Kept::AsWritten);
        }
        let (digits, exponent) = self.shortest();
        if digits.is_empty() {
            return self.as_mysql_reads().map(|_| Kept::AsWritten);
        }
        // A double has 17 digits at most.
        let number = (digits.len() <= 17).then(|| format!("{digits}e{exponent}"))?;
        let double: f64 = number.parse().ok()?;
        let printed = format!("{double:e}");
        let (printed, scale) = printed.split_once('e')?;
        let printed_digits: String = printed.chars().filter(char::is_ascii_digit).collect();
        let places = i64::try_from(printed_digits.len()).ok()? - 1;
        let is_same = printed_digits == digits && scale.parse::<i64>().ok()? - places == exponent;
        if !is_same || is_tie(double, digits.len()) {
            return None;
        }
        let is_read = |text: &str| Decimal::parse(text).as_mysql_reads() == Some(double);
        match () {
            () if self.as_mysql_reads() == Some(double) => Some(Kept::AsWritten),
            () if is_read(&number) => {
                let sign = if self.is_negative { "-" } else { "" };
                Some(Kept::Anew(format!("{sign}{number}")))
            }
            () => None,
        }
    }

    fn fits_64_bits(&self) -> bool {
        let number = std::str::from_utf8(self.whole)
            .ok()
            .and_then(|text| text.parse::<u64>().ok());
        let most = if self.is_negative { 1 << 63 } else { u64::MAX };
        number.is_some_and(|number| number <= most)
    }

    /// Returns the significant digits, and the power of ten that the last one stands for.
    fn shortest(&self) -> (String, i64) {
        let all = self
            .whole
            .iter()
            .chain(self.fraction)
            .map(|digit| char::from(*digit));
        let all: String = all.collect();
        let digits = all.trim_end_matches('0');
        let places = i64::try_from(self.fraction.len()).unwrap_or(i64::MAX / 4);
        let zeros = i64::try_from(all.len() - digits.len()).unwrap_or(0);
        let exponent = self.exponent - places + zeros;
        (digits.trim_start_matches('0').to_owned(), exponent)
    }

    /// Returns the double, without its sign, that MySQL makes of the number; `None` when MySQL takes it for too large. What
    /// its parser does, step by step: up to 17 digits into a whole number and then a double, times or by a power of ten.
    fn as_mysql_reads(&self) -> Option<f64> {
        let mut read = Read::default();
        let overflows = if self.is_negative {
            i64::MAX.unsigned_abs() / 10
        } else {
            u64::MAX / 10
        };
        for digit in self.whole.iter().map(|digit| digit - b'0') {
            read.whole_digit(digit, overflows);
        }
        for digit in self.fraction.iter().map(|digit| digit - b'0') {
            read.fraction_digit(digit);
        }
        if self.exponent > 308 - read.scale {
            return None;
        }
        let power = self.exponent + read.scale;
        let double = match power {
            ..-616 => 0.0,
            -616..-308 => scaled(scaled(read.double(), -308), power + 308),
            _ => scaled(read.double(), power),
        };
        double.is_finite().then_some(double)
    }
}

/// The highest whole number that the parser goes on adding digits of a fraction to.
const EXACT: u64 = (1 << 53) - 1;

/// The digits read so far.
#[derive(Debug, Default)]
struct Read {
    number: u64,
    /// Set once the number has outgrown 64 bits, or digits beyond [`EXACT`] follow.
    double: Option<f64>,
    digits: u32,
    scale: i64,
}

impl Read {
    fn double(&self) -> f64 {
        self.double.unwrap_or_else(|| as_double(self.number))
    }

    fn whole_digit(&mut self, digit: u8, overflows: u64) {
        let too_large = self.number > overflows
            || (self.number == overflows && digit > if overflows == u64::MAX / 10 { 5 } else { 8 });
        match self.double {
            None if !too_large => {
                self.digits += u32::from(self.number > 0);
                self.number = self.number * 10 + u64::from(digit);
            }
            _ => self.double = Some(self.double() * 10.0 + f64::from(digit)),
        }
    }

    fn fraction_digit(&mut self, digit: u8) {
        if self.double.is_none() && self.number <= EXACT {
            self.number = self.number * 10 + u64::from(digit);
            self.scale -= 1;
            self.digits += u32::from(self.number > 0);
        } else if self.digits < 17 {
            let double = self.double() * 10.0 + f64::from(digit);
            self.scale -= 1;
            self.digits += u32::from(double > 0.0);
            self.double = Some(double);
        } else {
            self.double = Some(self.double());
        }
    }
}

/// Tells whether a double lies exactly between two decimals of `digits` digits: printers differ in which of the two they take.
fn is_tie(double: f64, digits: usize) -> bool {
    let exact = format!("{double:.60e}");
    let mantissa = exact.split('e').next().unwrap_or_default();
    let mut rest = mantissa.chars().filter(char::is_ascii_digit).skip(digits);
    rest.next() == Some('5') && rest.all(|digit| digit == '0')
}

#[expect(clippy::cast_precision_loss, reason = "the rounding is MySQL's own")]
const fn as_double(number: u64) -> f64 {
    number as f64
}

fn scaled(double: f64, power: i64) -> f64 {
    let ten = format!("1e{}", power.unsigned_abs())
        .parse()
        .unwrap_or(f64::INFINITY);
    if power < 0 {
        double / ten
    } else {
        double * ten
    }
}
