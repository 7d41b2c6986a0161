//! `cargo fuzz run --features libfuzzer recognise_and_read`

#![no_main]

libfuzzer_sys::fuzz_target!(|content: &[u8]| {
    // Every error is an answer.
    let _ = sheets_fuzz::recognise_and_read(content);
});
