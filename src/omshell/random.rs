//! The numbers of the first messages: those that an unseeded `random` of the C library gives, as ISC's omshell uses it
//! (spec/omapi.md 5). They name requests on a connection and keep no secret.

/// How far back the two numbers are that are added.
const FAR: usize = 31;
const NEAR: usize = 3;
/// How many numbers are drawn before the first that counts.
const DISCARDED: usize = 10 * FAR;

/// An additive feedback generator over the last 31 numbers.
#[derive(Debug)]
pub struct Random {
    /// The last numbers, oldest at `oldest`.
    numbers: [u32; FAR],
    oldest: usize,
}

impl Random {
    /// As it is after the seed 1.
    pub fn new() -> Random {
        let mut numbers = [0; FAR];
        let mut number = 1i64;
        for place in &mut numbers {
            *place = number as u32;
            number = number * 16807 % 0x7fff_ffff;
        }
        let mut random = Random { numbers, oldest: NEAR };
        for _ in 0..DISCARDED {
            random.draw();
        }
        random
    }

    /// The next number of 31 bits.
    pub fn draw(&mut self) -> u32 {
        let near = (self.oldest + FAR - NEAR) % FAR;
        let number = self.numbers[self.oldest].wrapping_add(self.numbers[near]);
        self.numbers[self.oldest] = number;
        self.oldest = (self.oldest + 1) % FAR;
        number >> 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_the_c_library() {
        let mut random = Random::new();
        let first: Vec<u32> = (0..4).map(|_| random.draw()).collect();
        assert_eq!(first, [0x6b8b4567, 0x327b23c6, 0x643c9869, 0x66334873]);
    }
}
