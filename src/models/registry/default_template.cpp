#include "models/registry/default_template.h"

namespace twin::models {

const DefaultTemplate& default_template(const std::string& architecture) {
  static const DefaultTemplate chatml{
      "chatml",
      "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
      "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"};
  // A turn is the user's or the model's; what a system message says opens the first turn.
  static const DefaultTemplate gemma{
      "gemma",
      "{{ bos_token }}{% set opening = '' %}{% set turns = messages %}"
      "{% if messages[0].role == 'system' %}{% set opening = messages[0].content | trim + '\\n\\n' %}"
      "{% set turns = messages[1:] %}{% endif %}"
      "{% for message in turns %}{% set role = 'model' if message.role == 'assistant' else message.role %}"
      "{{ '<start_of_turn>' + role + '\\n' + (opening if loop.first else '') + message.content | trim + "
      "'<end_of_turn>\\n' }}{% endfor %}"
      "{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"};
  return architecture.starts_with("gemma") ? gemma : chatml;
}

}  // namespace twin::models
