//! `make fuzz`, or `cargo fuzz run --features libfuzzer recognise_and_read`

#![no_main]

use std::sync::Once;

static SPARE_CALAMINE: Once = Once::new();

libfuzzer_sys::fuzz_target!(|content: &[u8]| {
    // libFuzzer ends at every panic, but calamine has a thread of its own for them: that they are told as damage is what is tested.
    SPARE_CALAMINE.call_once(|| {
        let end = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().name() != Some("calamine") {
                end(panic);
            }
        }));
    });
    // Every error is an answer.
    let _ = sheets_fuzz::recognise_and_read(content);
});
