#include "node/consensus_codec.h"

#include <cassert>

namespace circula::node {
namespace {

using consensus::EntryId;
using consensus::Index;
using consensus::Term;

void set(proto::EntryId& out, const EntryId& id) {
  out.set_term(id.term.value);
  out.set_index(id.index.value);
}
EntryId get(const proto::EntryId& id) { return {Term{id.term()}, Index{id.index()}}; }

struct Encoder {
  proto::Consensus& out;
  const std::vector<ledger::BlockFrame>& frames;

  void operator()(const consensus::PreVoteRequest& m) {
    set(*out.mutable_pre_vote_request()->mutable_last(), m.last);
  }
  void operator()(const consensus::PreVoteResponse& m) {
    out.mutable_pre_vote_response()->set_granted(m.granted);
  }
  void operator()(const consensus::VoteRequest& m) {
    set(*out.mutable_vote_request()->mutable_last(), m.last);
    out.mutable_vote_request()->set_transfer(m.transfer);
  }
  void operator()(const consensus::VoteResponse& m) { out.mutable_vote_response()->set_granted(m.granted); }
  void operator()(const consensus::Append& m) {
    assert(frames.size() == m.entries.size());
    proto::Append& append = *out.mutable_append();
    set(*append.mutable_prev(), m.prev);
    append.set_commit(m.commit.value);
    for (std::size_t entry = 0; entry < frames.size(); ++entry) {
      *append.add_frames() = frames[entry].message();
      append.add_sizes(m.entries[entry].bytes);
    }
  }
  void operator()(const consensus::AppendAccepted& m) {
    out.mutable_append_accepted()->set_match(m.match.value);
    out.mutable_append_accepted()->set_counts(m.counts);
  }
  void operator()(const consensus::AppendRejected& m) {
    proto::AppendRejected& rejected = *out.mutable_append_rejected();
    rejected.set_rejected(m.rejected.value);
    set(*rejected.mutable_hint(), m.hint);
    rejected.set_counts(m.counts);
  }
  void operator()(const consensus::AppendRefused&) { (void)out.mutable_append_refused(); }
  void operator()(const consensus::Heartbeat& m) {
    proto::Heartbeat& heartbeat = *out.mutable_heartbeat();
    heartbeat.set_commit(m.commit.value);
    heartbeat.set_last_sent(m.last_sent.value);
    heartbeat.set_round(m.round);
  }
  void operator()(const consensus::CommitNotice& m) {
    out.mutable_commit_notice()->set_commit(m.commit.value);
  }
  void operator()(const consensus::HeartbeatResponse& m) {
    proto::HeartbeatResponse& response = *out.mutable_heartbeat_response();
    response.set_last_sent(m.last_sent.value);
    response.set_round(m.round);
    response.set_verified(m.verified.value);
    response.set_held(m.held.value);
    response.set_match(m.match.value);
    response.set_counts(m.counts);
  }
  void operator()(const consensus::TimeoutNow&) { (void)out.mutable_timeout_now(); }
  void operator()(const consensus::ReadIndexRequest& m) {
    out.mutable_read_index_request()->set_request(m.request);
  }
  void operator()(const consensus::ReadIndexResponse& m) {
    proto::ReadIndexResponse& response = *out.mutable_read_index_response();
    response.set_request(m.request);
    response.set_index(m.index.value);
    response.set_confirmed(m.confirmed);
  }
  void operator()(const consensus::TermOver&) { (void)out.mutable_term_over(); }
};

}  // namespace

proto::Consensus encode_consensus(const consensus::Message& message,
                                  const std::vector<ledger::BlockFrame>& frames) {
  proto::Consensus out;
  out.set_term(consensus::term_of(message).value);
  std::visit(Encoder{out, frames}, message);
  return out;
}

std::optional<consensus::Message> decode_consensus(const proto::Consensus& message) {
  const Term term{message.term()};
  switch (message.body_case()) {
    case proto::Consensus::kPreVoteRequest:
      return consensus::PreVoteRequest{term, get(message.pre_vote_request().last())};
    case proto::Consensus::kPreVoteResponse:
      return consensus::PreVoteResponse{term, message.pre_vote_response().granted()};
    case proto::Consensus::kVoteRequest:
      return consensus::VoteRequest{term, get(message.vote_request().last()),
                                    message.vote_request().transfer()};
    case proto::Consensus::kVoteResponse:
      return consensus::VoteResponse{term, message.vote_response().granted()};
    case proto::Consensus::kAppend:
      return consensus::Append{term, get(message.append().prev()), {}, Index{message.append().commit()}};
    case proto::Consensus::kAppendAccepted:
      return consensus::AppendAccepted{term, Index{message.append_accepted().match()},
                                       message.append_accepted().counts()};
    case proto::Consensus::kAppendRejected: {
      const proto::AppendRejected& m = message.append_rejected();
      return consensus::AppendRejected{term, Index{m.rejected()}, get(m.hint()), m.counts()};
    }
    case proto::Consensus::kAppendRefused:
      return consensus::AppendRefused{term};
    case proto::Consensus::kHeartbeat: {
      const proto::Heartbeat& m = message.heartbeat();
      return consensus::Heartbeat{term, Index{m.commit()}, Index{m.last_sent()}, m.round()};
    }
    case proto::Consensus::kCommitNotice:
      return consensus::CommitNotice{term, Index{message.commit_notice().commit()}};
    case proto::Consensus::kHeartbeatResponse: {
      const proto::HeartbeatResponse& m = message.heartbeat_response();
      return consensus::HeartbeatResponse{
          term,      Index{m.last_sent()}, m.round(), Index{m.verified()}, Index{m.held()}, Index{m.match()},
          m.counts()};
    }
    case proto::Consensus::kTimeoutNow:
      return consensus::TimeoutNow{term};
    case proto::Consensus::kReadIndexRequest:
      return consensus::ReadIndexRequest{term, message.read_index_request().request()};
    case proto::Consensus::kReadIndexResponse: {
      const proto::ReadIndexResponse& m = message.read_index_response();
      return consensus::ReadIndexResponse{term, m.request(), Index{m.index()}, m.confirmed()};
    }
    case proto::Consensus::kTermOver:
      return consensus::TermOver{term};
    case proto::Consensus::BODY_NOT_SET:
      break;
  }
  return std::nullopt;
}

}  // namespace circula::node
