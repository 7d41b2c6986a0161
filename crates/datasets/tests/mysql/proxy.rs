//! A connection to the server that can be cut, or left hanging, as networks do it.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex};

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Pass,
    Hang,
    /// Only connections up to the one of that number hang.
    HangUpTo(usize),
    Cut,
}

impl Mode {
    fn hangs(self, number: usize) -> bool {
        match self {
            Mode::Hang => true,
            Mode::HangUpTo(last) => number <= last,
            Mode::Pass | Mode::Cut => false,
        }
    }
}

struct State {
    mode: Mutex<Mode>,
    changed: Condvar,
    /// Connections so far.
    count: AtomicUsize,
    /// Met by the first piece of data that is held back, and by whoever waits for that.
    hung: Arc<Barrier>,
}

/// Passes everything on until it is told otherwise.
pub struct Proxy {
    pub url: String,
    state: Arc<State>,
}

impl Proxy {
    /// Listens before the server of an address.
    pub fn before(url: &str) -> Proxy {
        let (person, rest) = url.split_once('@').expect("an address with a person");
        let (host, database) = rest.split_once('/').expect("an address with a database");
        let server = host.to_socket_addrs().expect("host:port").next().expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let state = State {
            mode: Mutex::new(Mode::Pass),
            changed: Condvar::new(),
            count: AtomicUsize::new(0),
            hung: Arc::new(Barrier::new(2)),
        };
        let state = Arc::new(state);
        std::thread::spawn({
            let state = Arc::clone(&state);
            move || {
                for client in listener.incoming().map_while(Result::ok) {
                    join(client, server, &state);
                }
            }
        });
        Proxy { url: format!("{person}@127.0.0.1:{port}/{database}"), state }
    }

    /// Ends all connections, and every new one.
    pub fn cut(&self) {
        self.set(Mode::Cut);
    }

    /// Passes nothing on, and keeps the connections.
    pub fn hang(&self) {
        self.set(Mode::Hang);
    }

    /// Passes nothing on of the connections that there are, and everything of others.
    pub fn hang_those_of_now(&self) {
        self.set(Mode::HangUpTo(self.state.count.load(Ordering::Relaxed)));
    }

    /// Lets somebody wait until there is something that is not passed on.
    pub fn hung(&self) -> Arc<Barrier> {
        Arc::clone(&self.state.hung)
    }

    fn set(&self, mode: Mode) {
        *self.state.mode.lock().expect("not poisoned") = mode;
        self.state.changed.notify_all();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut();
    }
}

fn join(client: TcpStream, server: SocketAddr, state: &Arc<State>) {
    if *state.mode.lock().expect("not poisoned") == Mode::Cut {
        return;
    }
    let Ok(server) = TcpStream::connect(server) else { return };
    let number = state.count.fetch_add(1, Ordering::Relaxed) + 1;
    for (from, to, is_answer) in [(&client, &server, false), (&server, &client, true)] {
        let (from, to) = (from.try_clone().expect("a socket"), to.try_clone().expect("a socket"));
        let state = Arc::clone(state);
        std::thread::spawn(move || pass(from, to, (number, is_answer), &state));
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, (number, is_answer): (usize, bool), state: &State) {
    let mut buffer = vec![0; 64 * 1024];
    let mut has_hung = false;
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let mut mode = state.mode.lock().expect("not poisoned");
        while mode.hangs(number) {
            if is_answer && !has_hung && *mode == Mode::Hang {
                has_hung = true;
                drop(mode);
                state.hung.wait();
                mode = state.mode.lock().expect("not poisoned");
                continue;
            }
            mode = state.changed.wait(mode).expect("not poisoned");
        }
        let is_cut = *mode == Mode::Cut;
        drop(mode);
        if is_cut || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
