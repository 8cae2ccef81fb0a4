#include "tests/attack/peer_cases.h"

#include "consensus/types.h"
#include "crypto/checkpoint.h"
#include "crypto/encoding.h"
#include "crypto/note.h"
#include "ledger/block.h"

namespace circula::attack {
namespace {

using node::proto::Consensus;
using node::proto::PeerMessage;

std::string bytes_of(const PeerMessage& message) { return message.SerializeAsString(); }

crypto::Bytes framed(std::uint8_t kind, std::string_view payload) {
  return *node::encode_frame(kind, crypto::as_bytes(payload)).value();
}

crypto::Bytes raw(std::string_view bytes) {
  const crypto::ByteView view = crypto::as_bytes(bytes);
  return {view.begin(), view.end()};
}

// Numbers that no honest node would name, and some that it might.
std::uint64_t odd_number(Draw& draw, std::uint64_t near) {
  switch (draw.below(6)) {
    case 0:
      return near;
    case 1:
      return near + draw.between(1, 3);
    case 2:
      return 0;
    case 3:
      return std::uint64_t{1} << draw.between(31, 63);
    case 4:
      return UINT64_MAX - draw.below(3);
    default:
      return draw.next();
  }
}

// The present term, an older one, or one beyond the last.
std::uint64_t harmless_term(Draw& draw, const HostileView& view) {
  switch (draw.below(4)) {
    case 0:
      return draw.below(view.term + 1);
    case 1:
      return consensus::kTermMax.value + draw.between(1, 1'000'000);
    case 2:
      return UINT64_MAX;
    default:
      return view.term;
  }
}

// A voter that acknowledges what it was sent and does not hold is believed: it is then the one who must be
// replaced, when it comes back without it (design.md 7, "In doubt"). So these are far beyond the log.
std::uint64_t never_held(Draw& draw, const HostileView& view) {
  return draw.one_in(4) ? 0 : view.height + draw.between(1'000'000, std::uint64_t{1} << 62);
}

void fill(node::proto::EntryId& id, Draw& draw, const HostileView& view) {
  id.set_term(odd_number(draw, view.term));
  id.set_index(odd_number(draw, view.height));
}

std::string odd_consensus(Draw& draw, const HostileView& view) {
  PeerMessage message;
  Consensus& consensus = *message.mutable_consensus();
  consensus.set_term(harmless_term(draw, view));
  switch (draw.below(14)) {
    case 0:
      consensus.set_term(odd_number(draw, view.term));
      fill(*consensus.mutable_pre_vote_request()->mutable_last(), draw, view);
      break;
    case 1:
      consensus.mutable_pre_vote_response()->set_granted(true);
      break;
    case 2:  // also in a newer term: whoever hears a leader does not help to depose it
      consensus.set_term(odd_number(draw, view.term));
      fill(*consensus.mutable_vote_request()->mutable_last(), draw, view);
      break;
    case 3:
      consensus.mutable_vote_response()->set_granted(true);
      break;
    case 4:
      fill(*consensus.mutable_append()->mutable_prev(), draw, view);
      consensus.mutable_append()->set_commit(odd_number(draw, view.height));
      break;
    case 5:
      consensus.mutable_append_accepted()->set_match(never_held(draw, view));
      consensus.mutable_append_accepted()->set_counts(false);
      break;
    case 6:
      consensus.mutable_append_rejected()->set_rejected(odd_number(draw, view.height));
      fill(*consensus.mutable_append_rejected()->mutable_hint(), draw, view);
      break;
    case 7:
      (void)consensus.mutable_append_refused();
      break;
    case 8:
      consensus.mutable_heartbeat()->set_commit(odd_number(draw, view.height));
      consensus.mutable_heartbeat()->set_round(odd_number(draw, 1));
      break;
    case 9:
      consensus.mutable_commit_notice()->set_commit(odd_number(draw, view.height));
      break;
    case 10:
      consensus.mutable_heartbeat_response()->set_verified(never_held(draw, view));
      consensus.mutable_heartbeat_response()->set_match(never_held(draw, view));
      consensus.mutable_heartbeat_response()->set_held(odd_number(draw, view.height));
      consensus.mutable_heartbeat_response()->set_round(odd_number(draw, 1));
      break;
    case 11:
      (void)consensus.mutable_timeout_now();
      break;
    case 12:
      consensus.mutable_read_index_request()->set_request(draw.next());
      break;
    default:
      consensus.mutable_read_index_response()->set_request(draw.next());
      consensus.mutable_read_index_response()->set_index(odd_number(draw, view.height));
      consensus.mutable_read_index_response()->set_confirmed(true);
      break;
  }
  return bytes_of(message);
}

// A block with a header that is signed as it should be, by one who does not lead.
std::string forged_append(Draw& draw, const HostileView& view, bool fits) {
  ledger::BlockHeader header;
  header.height = fits ? view.height + 1 : odd_number(draw, view.height);
  header.term = fits ? view.term : odd_number(draw, view.term);
  header.parent = fits ? view.parent : crypto::random_fixed<crypto::Digest>();
  header.time_ms = fits ? view.time_ms : odd_number(draw, view.time_ms);
  header.proposer = view.self;
  header.kind = fits ? ledger::BlockKind::kRecords : static_cast<ledger::BlockKind>(draw.below(4));
  std::vector<crypto::Digest> bodies;
  if (!fits && draw.one_in(2)) bodies.assign(draw.between(1, 50), crypto::random_fixed<crypto::Digest>());
  const ledger::BlockFrame frame = ledger::make_frame(header, bodies, {}, view.chain_id, *view.node_key);
  PeerMessage message;
  message.mutable_consensus()->set_term(view.term);
  auto& append = *message.mutable_consensus()->mutable_append();
  append.mutable_prev()->set_index(header.height - 1);
  append.mutable_prev()->set_term(view.term);
  append.set_commit(fits ? header.height : odd_number(draw, view.height));
  *append.add_frames() = frame.message();
  append.add_sizes(static_cast<std::uint32_t>(fits ? 0 : draw.next()));
  if (!fits && draw.one_in(3)) append.mutable_frames(0)->set_signature(draw.bytes(64));
  if (!fits && draw.one_in(3)) append.mutable_frames(0)->set_header(mutated(draw, append.frames(0).header()));
  return bytes_of(message);
}

// A cosignature of a root that nobody executed, good or garbage.
std::string odd_cosigned(Draw& draw, const HostileView& view, bool signs, std::size_t padding) {
  PeerMessage message;
  auto& cosigned = *message.mutable_cosigned();
  cosigned.set_height(draw.one_in(2) ? view.final_height + draw.between(1, 5'000)
                                     : odd_number(draw, view.final_height + 1));
  cosigned.set_size(odd_number(draw, 2 * view.final_height));
  cosigned.set_root(draw.bytes(draw.one_in(8) ? draw.below(64) : 32));
  cosigned.set_time_s(odd_number(draw, view.time_ms / 1000));
  cosigned.set_cosignature(draw.bytes(64 + padding));
  cosigned.set_log_signature(draw.bytes(64));
  if (signs && cosigned.root().size() == 32) {
    cosigned.set_time_s(view.time_ms / 1000);
    const std::string text = crypto::Checkpoint{
        view.origin,
        cosigned.size(),
        crypto::Digest::from(crypto::as_bytes(cosigned.root())),
        {}}.format();
    cosigned.set_cosignature(
        std::string(view.cosigning_key->sign(crypto::cosignature_message(text, cosigned.time_s())).text()));
    cosigned.set_log_signature(std::string(view.log_key->sign(text).text()));
  }
  return bytes_of(message);
}

std::string hashes(Draw& draw, std::size_t count, bool request) {
  PeerMessage message;
  for (std::size_t n = 0; n < count; ++n) {
    const std::string hash = draw.bytes(draw.one_in(1'000'000) ? 31 : 32);
    request ? message.mutable_body_request()->add_hashes(hash)
            : message.mutable_announcement()->add_hashes(hash);
  }
  return bytes_of(message);
}

}  // namespace

void HostileView::learn(const std::deque<std::string>& received) {
  for (const std::string& payload : received) {
    PeerMessage message;
    if (!message.ParseFromString(payload)) continue;
    if (message.has_final_note() && message.final_note().height() > final_height) {
      final_height = message.final_note().height();
      note = message.final_note().note();
    }
    if (!message.has_consensus()) continue;
    term = std::max(term, message.consensus().term());
    for (const auto& one : message.consensus().append().frames()) {
      const auto frame = ledger::decode_frame(one, chain_id);
      if (!frame || frame->header.height <= height) continue;
      height = frame->header.height;
      parent = frame->hash;
      time_ms = frame->header.time_ms;
    }
  }
  for (const std::string& payload : received) good.push_back(payload);
  while (good.size() > 64) good.pop_front();
}

bool deposes(const std::string& payload, std::uint64_t term) {
  PeerMessage message;
  if (!message.ParseFromString(payload) || !message.has_consensus()) return false;
  const Consensus& consensus = message.consensus();
  if (consensus.has_pre_vote_request()) return false;
  if (consensus.has_vote_request() && !consensus.vote_request().transfer()) return false;
  return consensus.term() > term && consensus.term() <= consensus::kTermMax.value;
}

std::vector<FramingFault> framing_faults() {
  const auto fault = [](std::string name, std::function<crypto::Bytes(Draw&)> bytes) {
    return FramingFault{std::move(name), true, std::move(bytes)};
  };
  return {
      fault("a length of nothing",
            [](Draw&) {
              return crypto::Bytes{0, 0, 0, 0};
            }),
      fault("a length one above the limit",
            [](Draw&) {
              return crypto::Bytes{0x00, 0x40, 0x00, 0x01};
            }),
      fault("an enormous length", [](Draw& draw) { return raw("\xff\xff\xff\xff" + draw.bytes(100)); }),
      fault("an unknown control code", [](Draw& draw) { return framed(0, "\x77" + draw.bytes(8)); }),
      fault("no control code", [](Draw&) { return framed(0, ""); }),
      fault("a second hello", [](Draw& draw) { return framed(0, "\x01" + draw.bytes(8)); }),
      fault("a choice that is not its own", [](Draw& draw) { return framed(0, "\x02" + draw.bytes(16)); }),
      fault("a frame after bye",
            [](Draw& draw) {
              crypto::Bytes bytes = framed(0, "\x04");
              const crypto::Bytes more = framed(1, draw.bytes(10));
              bytes.insert(bytes.end(), more.begin(), more.end());
              return bytes;
            }),
      {"a frame before hello", false, [](Draw& draw) { return framed(1, draw.bytes(10)); }},
      {"bye before hello", false, [](Draw&) { return framed(0, "\x04"); }},
      {"a hello cut short", false, [](Draw& draw) { return framed(0, "\x01" + draw.bytes(3)); }},
      {"an HTTP request inside TLS", false, [](Draw&) { return raw("GET / HTTP/1.1\r\n\r\n"); }},
  };
}

std::vector<ContentFault> content_faults() {
  using View = const HostileView&;
  return {
      {"an empty message", [](Draw&, View) { return std::string(); }},
      {"garbage", [](Draw& draw, View) { return draw.bytes(draw.between(1, 4'000)); }},
      {"odd terms and indices", odd_consensus},
      {"odd terms and indices, again", odd_consensus},
      {"a block by one who does not lead",
       [](Draw& draw, View view) { return forged_append(draw, view, true); }},
      {"a block that fits nowhere", [](Draw& draw, View view) { return forged_append(draw, view, false); }},
      {"a cosignature of garbage", [](Draw& draw, View view) { return odd_cosigned(draw, view, false, 0); }},
      {"a good cosignature of another root",
       [](Draw& draw, View view) { return odd_cosigned(draw, view, true, 0); }},
      {"a note of garbage",
       [](Draw& draw, View view) {
         PeerMessage message;
         message.mutable_final_note()->set_height(odd_number(draw, view.final_height + 5));
         message.mutable_final_note()->set_note(draw.one_in(2) ? mutated(draw, view.note) : draw.bytes(500));
         return bytes_of(message);
       }},
      {"a good note at another height",
       [](Draw& draw, View view) {
         PeerMessage message;
         message.mutable_final_note()->set_height(odd_number(draw, view.final_height + draw.between(1, 20)));
         message.mutable_final_note()->set_note(view.note);
         return bytes_of(message);
       }},
      {"bodies of garbage",
       [](Draw& draw, View) {
         PeerMessage message;
         for (int n = 0; n < 20; ++n)
           message.mutable_bodies()->add_bodies(draw.bytes(draw.between(1, 2'000)));
         return bytes_of(message);
       }},
      {"announcements of nothing",
       [](Draw& draw, View) { return hashes(draw, draw.between(1, 100), false); }},
      {"requests for nothing", [](Draw& draw, View) { return hashes(draw, draw.between(1, 100), true); }},
      {"a request for every block",
       [](Draw& draw, View view) {
         PeerMessage message;
         message.mutable_block_request()->set_from(draw.one_in(2) ? 1 : odd_number(draw, view.height));
         message.mutable_block_request()->set_final_height(odd_number(draw, 0));
         return bytes_of(message);
       }},
      {"blocks that nobody asked for",
       [](Draw& draw, View view) {
         PeerMessage message;
         message.mutable_blocks()->set_committed(odd_number(draw, view.height));
         for (int n = 0; n < 10; ++n) {
           auto& block = *message.mutable_blocks()->add_blocks();
           block.mutable_frame()->set_header(draw.bytes(180));
           block.add_bodies(draw.bytes(300));
         }
         return bytes_of(message);
       }},
      {"evidence against everybody",
       [](Draw& draw, View) {
         PeerMessage message;
         message.mutable_evidence()->set_kind("cosignature\nlevel=critical");
         message.mutable_evidence()->set_signer(static_cast<std::uint32_t>(draw.below(6)));
         message.mutable_evidence()->add_statements(draw.bytes(draw.between(10, 200'000)));
         message.mutable_evidence()->set_reason("an invented\nline of the log");
         return bytes_of(message);
       }},
  };
}

std::vector<ContentFault> large_content_faults() {
  using View = const HostileView&;
  return {
      {"large garbage", [](Draw& draw, View) { return draw.bytes(draw.between(100'000, 1'000'000)); }},
      {"a cosignature of a quarter of a megabyte",
       [](Draw& draw, View view) { return odd_cosigned(draw, view, false, 250'000); }},
      {"a million empty bodies",
       [](Draw&, View) {
         PeerMessage message;
         for (int n = 0; n < 1'000'000; ++n) message.mutable_bodies()->add_bodies();
         return bytes_of(message);
       }},
      {"a hundred thousand announcements of nothing",
       [](Draw& draw, View) { return hashes(draw, 100'000, false); }},
      {"a hundred thousand requests for nothing",
       [](Draw& draw, View) { return hashes(draw, 100'000, true); }},
  };
}

}  // namespace circula::attack
