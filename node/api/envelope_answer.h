// How an envelope stands, and what came of its records: the answer to a submission and to a question for its
// status. Include it in source files only: it brings Boost.JSON.
#pragma once

#include <boost/json/object.hpp>

#include "node/api/context.h"

namespace circula::node::api {

// What was found about a fault is for who holds the bytes or may read the record; the codes are public.
enum class Details : std::uint8_t { kWithout, kWith };

[[nodiscard]] boost::json::object envelope_answer(const Backend& backend, const EnvelopeStatus& status,
                                                  Details details);

}  // namespace circula::node::api
