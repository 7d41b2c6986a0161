//! What somebody who is about nothing may want.

use crate::client::{Order, Who};
use crate::record::Name;
use crate::world::{System, World};

impl System {
    /// What somebody without an order may want.
    pub fn orders(&self, world: &World, who: Who, mut wants: impl FnMut(Order)) {
        let stored = Name::ALL.into_iter().filter_map(|name| Some((name, world.store.get(name)?)));
        match who {
            Who::Ann | Who::Bob => {
                for (name, record) in stored {
                    let is_parent = name == Name::Parent;
                    let epochs = if is_parent { self.scope.epochs } else { self.scope.epochs_of_others };
                    if record.epoch < epochs {
                        wants(Order::Claim(name));
                    }
                }
                let client = world.client(who);
                if let Some((name, _)) = client.held {
                    if name == Name::Parent && client.known < self.scope.children {
                        wants(Order::Spawn);
                    }
                    [Order::Wait, Order::Succeed, Order::Fail, Order::FailForNow, Order::Release]
                        .into_iter()
                        .for_each(&mut wants);
                    if world.store.get(name).is_some_and(|record| record.cancel_requested) {
                        wants(Order::StopAsTold);
                    }
                }
            }
            Who::Reaper => {
                for (name, record) in stored {
                    if record.lease.is_some() {
                        wants(Order::LoseLease(name));
                        if self.scope.takes_back {
                            wants(Order::TakeBack(name));
                        }
                    }
                    if record.run_at.is_some() {
                        wants(Order::Due(name));
                    }
                    wants(Order::Expire(name));
                    wants(Order::Purge(name));
                }
            }
            Who::Person => {
                for (name, record) in stored {
                    wants(Order::Cancel(name));
                    wants(Order::Clear(name));
                    if record.dead {
                        wants(Order::Revive(name));
                    }
                }
                if self.scope.successor && world.store.get(Name::Successor).is_none() {
                    wants(Order::Register);
                }
            }
        }
    }
}
