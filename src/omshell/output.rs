//! What a command says, and to whom: values kept apart from the streams they go to, so that commands can be tested.

/// Everything that one command said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Texts for standard output and standard error, in the order in which they were said.
    pub pieces: Vec<(Stream, Vec<u8>)>,
    /// Lines for the system log.
    pub log: Vec<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Out,
    Err,
}

impl Output {
    /// A line for standard output: the parts and a line feed.
    pub fn say(&mut self, parts: &[&[u8]]) {
        self.line(Stream::Out, parts);
    }

    /// A line for standard error.
    pub fn complain(&mut self, parts: &[&[u8]]) {
        self.line(Stream::Err, parts);
    }

    /// A line for standard error and for the log.
    pub fn complain_and_log(&mut self, text: &[u8]) {
        self.complain(&[text]);
        self.log.push(text.to_vec());
    }

    fn line(&mut self, stream: Stream, parts: &[&[u8]]) {
        let mut line = parts.concat();
        line.push(b'\n');
        self.pieces.push((stream, line));
    }

    /// What was said to one stream.
    #[cfg(test)]
    pub fn text(&self, stream: Stream) -> Vec<u8> {
        let pieces = self.pieces.iter().filter(|(to, _)| *to == stream);
        pieces.flat_map(|(_, piece)| piece.iter().copied()).collect()
    }
}
