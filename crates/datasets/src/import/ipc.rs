//! A batch of rows as bytes: a stream of Arrow's inter-process format that holds this one batch.

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_ipc::writer::StreamEncoder;
use arrow_schema::ArrowError;
use bytes::Bytes;

/// The bytes of a batch, one piece behind the other. Those of columns are not copied, and stay in memory as long as the pieces do.
///
/// # Errors
/// [`ArrowError`] if there is a column that can't be written so.
pub fn pieces(batch: &RecordBatch) -> Result<Vec<Bytes>, ArrowError> {
    let mut encoder = StreamEncoder::try_new(&batch.schema())?;
    let mut buffers = encoder.encode(batch)?;
    buffers.extend(encoder.finish()?);
    Ok(buffers.into_iter().map(Bytes::from_owner).collect())
}

/// The batch of these bytes, whose columns stay where they are.
///
/// # Errors
/// [`ArrowError`] if the bytes are something else, or not all of it.
pub fn batch(bytes: Bytes) -> Result<RecordBatch, ArrowError> {
    let (mut stream, mut decoder) = (Buffer::from(bytes), StreamDecoder::new());
    let batch = decoder.decode(&mut stream)?;
    // What ends the stream.
    let is_whole = decoder.decode(&mut stream)?.is_none();
    decoder.finish()?;
    batch
        .filter(|_| is_whole)
        .ok_or_else(|| ArrowError::ParseError("the bytes are not one batch of rows".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, StringArray, UInt32Array};

    use super::*;

    #[test]
    fn a_batch_comes_back_as_it_went_or_not_at_all() {
        let rows: ArrayRef = Arc::new(UInt32Array::from_iter_values(1..=5));
        let texts: ArrayRef =
            Arc::new(StringArray::from(vec![Some("a"), None, Some(""), Some("订单"), Some("b")]));
        let whole = RecordBatch::try_from_iter([("row", rows), ("text", texts)]).expect("fits");
        for wanted in [whole.clone(), whole.slice(2, 2), whole.slice(0, 0)] {
            let bytes = Bytes::from(pieces(&wanted).expect("is written").concat());
            assert_eq!(batch(bytes.clone()).expect("is read"), wanted);
            for end in 0..bytes.len() - 8 {
                assert!(batch(bytes.slice(..end)).is_err(), "{end} of {} bytes", bytes.len());
            }
        }
        let twice = Bytes::from(
            [pieces(&whole), pieces(&whole)].map(|pieces| pieces.expect("is written").concat()).concat(),
        );
        assert!(batch(twice).is_err());
    }
}
