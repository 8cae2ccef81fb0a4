// The log as it is: blocks, entries, tiles, checkpoint, genesis, trust policy (docs/api.md, "Log").
#include "crypto/encoding.h"
#include "crypto/tiles.h"
#include "crypto/tlog_proof.h"
#include "ledger/block.h"
#include "ledger/genesis_file.h"
#include "node/api/access.h"
#include "node/api/context.h"
#include "node/api/parameters.h"
#include "node/api/stored_body.h"
#include "node/api/views.h"

namespace circula::node::api {
namespace {

namespace json = boost::json;
using ledger::Code;
using ledger::error;
using ledger::proto::IndexedEntry;

std::string_view to_string(ledger::BlockKind kind) {
  switch (kind) {
    case ledger::BlockKind::kRecords:
      return "records";
    case ledger::BlockKind::kFirstOfTerm:
      return "first_of_term";
    case ledger::BlockKind::kConfiguration:
      return "configuration";
    case ledger::BlockKind::kRecovery:
      return "recovery";
  }
  return "";
}

// The block that the path names.
ledger::Result<std::uint64_t> height_in_path(const Backend& backend, const Request& request) {
  if (request.params.at("height") != "latest") return number_in_path(request, "height");
  auto height = backend.index().height();
  if (!height) return height.error();
  return height->value_or(0);
}

ledger::Result<void> put_header(json::object& view, const Backend& backend, std::uint64_t height) {
  auto block = stored_block(backend, height);
  if (!block) return block.error();
  auto frame = ledger::decode_frame(block->frame(), backend.genesis().chain_id());
  if (!frame) return frame.error();
  const ledger::BlockHeader& header = frame->header;
  view["kind"] = to_string(header.kind);
  view["parent"] = hex_text(header.parent.view());
  view["term"] = number_text(header.term);
  view["proposer"] = header.proposer;
  json::array bodies;
  for (const Digest& body : frame->body_hashes) bodies.push_back(hex_text(body.view()));
  view["bodies"] = std::move(bodies);
  view["bodies_root"] = hex_text(header.bodies_root.view());
  if (header.config_hash != Digest{}) view["config_hash"] = hex_text(header.config_hash.view());
  view["header"] = base64url_text(frame->header_bytes);
  view["signature"] = hex_text(frame->signature.view());
  return {};
}

Answer show_block(const Context& context, const Request& request) {
  const Backend& backend = context.backend;
  auto height = height_in_path(backend, request);
  if (!height) return height.error();
  auto row = backend.index().block(*height);
  if (!row) return row.error();
  if (!*row) return error(Code::E_NOT_FOUND, "this node has executed no block " + std::to_string(*height));
  const ledger::proto::IndexedBlock& block = **row;
  json::object view{{"height", number_text(*height)},
                    {"hash", hex_text(crypto::as_bytes(block.block_hash()))}};
  put_time(view, "time", block.time_ms());
  view["kind"] = "genesis";
  if (*height > 0) {
    if (auto put = put_header(view, backend, *height); !put) return put.error();
  }
  view["first"] = number_text(block.first());
  view["entries"] = number_text(block.size_after() - block.first() - 1);
  view["size"] = number_text(block.size_after());
  view["log_root"] = hex_text(crypto::as_bytes(block.root_after()));
  view["state_root"] = hex_text(crypto::as_bytes(block.state_root()));
  const bool is_final = block.size_after() <= backend.final_checkpoint().size;
  view["final"] = is_final;
  Response response = json_answer(view);
  if (is_final && request.params.at("height") != "latest") {
    keep_for_ever(response, crypto::to_hex(crypto::as_bytes(block.block_hash())), Keep::kPublic);
  }
  return response;
}

Answer stored_bytes(const Backend& backend, const Request& request) {
  auto height = number_in_path(request, "height");
  if (!height) return height.error();
  auto bytes = backend.stored_block(*height);
  if (!bytes) return bytes.error();
  if (!*bytes) return error(Code::E_NOT_FOUND, "this node holds no block " + std::to_string(*height));
  return Response::bytes(**bytes);
}

Answer stored_for_reader(const Context& context, const Request& request) {
  const Caller caller = Caller::of(context.backend, request.caller);
  if (!caller.reads_everything() && !caller.runs_node()) return Caller::not_party();
  return stored_bytes(context.backend, request);
}

json::object entry_with_bytes(std::uint64_t index, const IndexedEntry& row) {
  json::object view = entry_view(index, row);
  view["bytes"] = base64url_text(crypto::as_bytes(row.entry()));
  return view;
}

Answer list_entries(const Context& context, const Request& request) {
  const Backend& backend = context.backend;
  auto limit = limit_parameter(request);
  if (!limit) return limit.error();
  const std::uint64_t size = backend.final_checkpoint().size;
  auto first = number_parameter(request, "first", 0, UINT64_MAX);
  if (!first) return first.error();
  json::array entries;
  if (*first < size) {
    auto read = backend.index().entries(*first, [&](std::uint64_t index, const IndexedEntry& row) {
      if (index >= size) return false;
      entries.push_back(entry_with_bytes(index, row));
      return entries.size() < *limit;
    });
    if (!read) return read.error();
  }
  const std::uint64_t next = *first + entries.size();
  json::object answer{{"first", number_text(*first)}, {"size", number_text(size)}};
  answer["entries"] = std::move(entries);
  if (next < size && next > *first) {
    answer["next"] = "/v1/entries?first=" + std::to_string(next) + "&limit=" + std::to_string(*limit);
  }
  return json_answer(answer);
}

// An entry that is final.
ledger::Result<IndexedEntry> final_entry(const Backend& backend, std::uint64_t index, std::uint64_t size) {
  const ledger::Error none =
      error(Code::E_NOT_FOUND, "the final log has " + std::to_string(size) + " entries", "index");
  if (index >= size) return none;
  auto row = backend.index().entry(index);
  if (!row) return row.error();
  if (!*row) return none;
  return std::move(**row);
}

Answer show_entry(const Context& context, const Request& request) {
  auto index = number_in_path(request, "index");
  if (!index) return index.error();
  auto row = final_entry(context.backend, *index, context.backend.final_checkpoint().size);
  if (!row) return row.error();
  Response response = json_answer(entry_with_bytes(*index, *row));
  keep_for_ever(response, "entry-" + std::to_string(*index), Keep::kPublic);
  return response;
}

ledger::Result<FinalCheckpoint> checkpoint(const Backend& backend) {
  FinalCheckpoint newest = backend.final_checkpoint();
  if (newest.size == 0 || newest.note.empty()) {
    return error(Code::E_FINALITY_STALLED, "no checkpoint is final yet on this node");
  }
  return newest;
}

Answer prove_entry(const Context& context, const Request& request) {
  const Backend& backend = context.backend;
  auto index = number_in_path(request, "index");
  if (!index) return index.error();
  auto newest = checkpoint(backend);
  if (!newest) return newest.error();
  if (*index >= newest->size) return final_entry(backend, *index, newest->size).error();
  auto path = crypto::prove_inclusion(*backend.index().log_hashes(), *index, newest->size);
  if (!path) return error(Code::E_UNAVAILABLE, path.error().detail);
  return Response::text(200, crypto::TlogProof{{}, *index, std::move(*path), newest->note}.format());
}

ledger::Result<Bytes> entry_bundle(const Backend& backend, const crypto::TileName& name) {
  Bytes bundle;
  unsigned count = 0;
  auto read =
      backend.index().entries(name.index * crypto::kTileWidth, [&](std::uint64_t, const IndexedEntry& row) {
        crypto::put_bundle_entry(bundle, crypto::as_bytes(row.entry()));
        return ++count < name.width;
      });
  if (!read) return read.error();
  return bundle;
}

Answer tile(const Context& context, const Request& request) {
  const Backend& backend = context.backend;
  const std::string path = "tile/" + request.params.at("tile");
  const auto name = crypto::TileName::parse(path);
  if (!name) return error(Code::E_REQUEST, name.error().detail, "tile");
  if (!crypto::tile_exists(*name, backend.final_checkpoint().size)) {
    return error(Code::E_NOT_FOUND, "the final log has no " + path + " yet");
  }
  auto bytes = name->level ? backend.index().log_tile(*name->level, name->index, name->width)
                           : entry_bundle(backend, *name);
  if (!bytes) return bytes.error();
  Response response = Response::bytes(*bytes);
  keep_for_ever(response, path, Keep::kPublic);
  return response;
}

Answer genesis(const Context& context) {
  const ledger::Genesis& genesis = context.backend.genesis();
  std::string text = context.options.genesis_file;
  if (text.empty()) text = ledger::write_genesis_file({genesis.bytes(), {}});
  Response response = Response::json(200, std::move(text));
  keep_for_ever(response, crypto::to_hex(genesis.chain_id().view()), Keep::kPublic);
  return response;
}

}  // namespace

Routes log_routes(const ContextPtr& context) {
  const std::vector<Code> not_found = {Code::E_NOT_FOUND};
  return {
      {Method::get,
       "/v1/blocks/{height}",
       Visibility::public_,
       "A block without its bodies; latest is the newest",
       at_once(context, [context](const Request& r) { return show_block(*context, r); }),
       {},
       {},
       not_found},
      {Method::get,
       "/v1/blocks/{height}/stored",
       Visibility::regulator,
       "A block with its bodies, as it is stored",
       at_once(context, [context](const Request& r) { return stored_for_reader(*context, r); }),
       {},
       {},
       {Code::E_NOT_FOUND, Code::E_NOT_PARTY}},
      {Method::get,
       "/v1/chain/{height}",
       Visibility::operator_,
       "A block with its bodies, for the node's operator",
       at_once(context, [context](const Request& r) { return stored_bytes(context->backend, r); }),
       {},
       {},
       not_found},
      {Method::get,
       "/v1/entries",
       Visibility::public_,
       "Entries of the final log: digests",
       at_once(context, [context](const Request& r) { return list_entries(*context, r); }),
       {{"first", "index of the first, default 0"}, {"limit", "1 to 1000, default 100"}}},
      {Method::get,
       "/v1/entries/{index}",
       Visibility::public_,
       "One entry",
       at_once(context, [context](const Request& r) { return show_entry(*context, r); }),
       {},
       {},
       not_found},
      {Method::get,
       "/v1/entries/{index}/proof",
       Visibility::public_,
       "Its inclusion, c2sp.org/tlog-proof",
       at_once(context, [context](const Request& r) { return prove_entry(*context, r); }),
       {},
       {},
       {Code::E_NOT_FOUND, Code::E_FINALITY_STALLED}},
      {Method::get,
       "/checkpoint",
       Visibility::public_,
       "The newest final checkpoint, a signed note",
       at_once(context,
               [context](const Request&) -> Answer {
                 auto newest = checkpoint(context->backend);
                 if (!newest) return newest.error();
                 return Response::text(200, std::move(newest->note));
               }),
       {},
       {},
       {Code::E_FINALITY_STALLED}},
      {Method::get,
       "/tile/{tile*}",
       Visibility::public_,
       "The log as tiles, c2sp.org/tlog-tiles",
       at_once(context, [context](const Request& r) { return tile(*context, r); }),
       {},
       {},
       not_found},
      {Method::get, "/v1/genesis", Visibility::public_, "genesis.json",
       at_once(context, [context](const Request&) { return genesis(*context); })},
  };
}

}  // namespace circula::node::api
